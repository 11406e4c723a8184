/**
 * When an answer is late. A process that was busy itself finds timers that have run out before it
 * reads what has long been there, so that is read once more first.
 */
export function setAnswerDeadline(afterMs: number, onLate: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    setImmediate(onLate)
  }, afterMs).unref()
}
