// What is y-websocket's own.
import { WebsocketProvider } from 'y-websocket'

export function own ({ current, until, tell, CountingSocket }) {
  const codes = []
  return {
    start ({ url, name, token, connect = true }) {
      const params = token === null ? {} : { token }
      const provider = new WebsocketProvider(
        url, name, current.doc, { params, connect, WebSocketPolyfill: CountingSocket })
      provider.on('connection-close', event => { codes.push(event === null ? null : event.code); tell() })
      for (const event of ['status', 'sync', 'closed']) provider.on(event, tell)
      provider.awareness.on('change', tell)
      current.provider = provider
      return current.doc.clientID
    },
    offline: () => current.provider.disconnect(),
    online: () => current.provider.connect(),
    drop: () => current.provider.ws.terminate(), // as a network does: no close frame
    token: ({ token }) => { current.provider.params = { token } },
    codes: () => codes,
    closed: ({ code }) => until(() => codes.includes(code), `closed with ${code}`),
    stopped: () => !current.provider.shouldConnect && current.provider.ws === null
  }
}
