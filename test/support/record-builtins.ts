/** Preloaded by `node --import`: says at the end, on standard error, which of Node's modules were loaded. */
process.on('exit', () => {
  const { moduleLoadList } = process as typeof process & { moduleLoadList: readonly string[] }
  console.error(JSON.stringify(moduleLoadList))
})
