/** Preloaded by `node --expose-gc --import`: what is not used any more goes when SIGUSR2 asks for it. */
process.on('SIGUSR2', () => {
  if (gc === undefined) throw new Error('run it with --expose-gc')
  gc()
  gc()
})
