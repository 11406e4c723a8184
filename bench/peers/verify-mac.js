/** For nginx's njs, which is not Node: the MAC over the body as received, then on to the app. */
import crypto from 'crypto'

function verify(r) {
  const match = /^t=(\d{10})&s=([0-9a-f]{64})$/.exec(r.headersIn['X-Inngest-Signature'])
  const body = r.requestBuffer
  if (!match || !body) {
    r.return(401)
    return
  }
  const mac = crypto
    .createHmac('sha256', process.env.BENCH_KEY)
    .update(body)
    .update(match[1])
    .digest('hex')
  if (mac === match[2]) r.internalRedirect('@app')
  else r.return(401)
}

export default { verify }
