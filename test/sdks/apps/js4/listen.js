import { createServer } from 'node:http'
import process from 'node:process'

/** @param listener of Node's HTTP server. */
export function listen(listener) {
  createServer(listener).listen(Number(process.env.PORT), '127.0.0.1')
}
