/**
 * Why a gateway does not start, if the operator can correct it: the message is complete, so no stack is
 * printed.
 */
export class StartFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StartFailure'
  }
}
