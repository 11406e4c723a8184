/** What the path of a route may be, wherever it is written. */

export const ROUTE_PATH = 'an absolute path of plain segments, without query, %, ; or dot segments'

/** A path that whoever normalises it leaves as it is: any other would be asked for by nobody. */
export function isRoutePath(text: string): boolean {
  const isPlain = /^\/(?!\/)[A-Za-z0-9_~.,:@!$&'()*+=/-]*$/.test(text)
  return isPlain && !/\/(?:\.{0,2}\/|\.{1,2}$)/.test(text)
}
