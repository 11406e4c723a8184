/** Whether an address of this machine accepts connections. */
import { once } from 'node:events'
import { connect } from 'node:net'

export async function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
