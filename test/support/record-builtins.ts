/** Preloaded by `node --import`: prints Node's loaded modules at the end, on standard error. */
process.on('exit', () => {
  const { moduleLoadList } = process as typeof process & { moduleLoadList: readonly string[] }
  console.error(JSON.stringify(moduleLoadList))
})
