/** For a signal that comes before a command minds it: ends as if the signal itself had. */
export function endAtOnce(_signal: NodeJS.Signals, number: number): void {
  process.exit(128 + number)
}
