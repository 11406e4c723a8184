/** Preloaded by `node --import`: prints the loaded modules at the end, on standard error. */
import { registerHooks } from 'node:module'

const urls: string[] = []

registerHooks({
  load: (url, context, next) => {
    urls.push(url)
    return next(url, context)
  },
})

process.on('exit', () => {
  console.error(JSON.stringify(urls))
})
