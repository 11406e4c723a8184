/**
 * Why a gateway does not start, where whoever started it can do something about it: the message says
 * all there is to know, and a stack would say nothing more.
 */
export class StartFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartFailure'
  }
}
