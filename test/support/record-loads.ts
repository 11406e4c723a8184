/** Preloaded by `node --import`: says at the end, on standard error, which modules were loaded. */
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
