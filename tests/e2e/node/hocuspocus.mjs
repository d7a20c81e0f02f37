// What is Hocuspocus' own: one socket, and as many documents on it as are attached. The operations are about the one
// attached or chosen last.
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'

const QUICK = { delay: 100, minDelay: 100, maxDelay: 500 } // ms between attempts, so that tests are quick

export function own ({ current, newDocument, until, tell, CountingSocket }) {
  const attached = new Map()
  const codes = [] // with which the socket was closed
  let token = null
  let socket = null
  let fresh = true

  // An application's own function: providers call it whenever they have to say who they are.
  const asked = { count: 0 }
  const say = () => { asked.count += 1; tell(); return token }

  function attach ({ name, sessionAwareness = false, fixed = false }) {
    const told = { denied: [], closed: [], authenticated: [], stateless: [], unsynced: [] }
    const doc = fresh ? current.doc : newDocument()
    fresh = false
    const provider = new HocuspocusProvider({
      websocketProvider: socket,
      name,
      document: doc,
      sessionAwareness,
      token: fixed ? token : say,
      onAuthenticationFailed: ({ reason }) => { told.denied.push(reason); tell() },
      onAuthenticated: ({ scope }) => { told.authenticated.push(scope); tell() },
      onClose: ({ event }) => { told.closed.push([event.code, event.reason]); tell() },
      onStateless: ({ payload }) => { told.stateless.push(payload); tell() },
      onUnsyncedChanges: ({ number }) => { told.unsynced.push(number); tell() },
      onSynced: tell
    })
    provider.awareness.on('change', tell)
    Object.assign(current, { doc, provider, told })
    attached.set(sessionAwareness ? provider.sessionId : name, { doc, provider, told })
    provider.attach()
    return sessionAwareness ? provider.sessionId : doc.clientID
  }

  return {
    start ({ url, name, token: first, connect = true, path = '', ...more }) {
      token = first
      socket = new HocuspocusProviderWebsocket({
        url: url + path, autoConnect: connect, WebSocketPolyfill: CountingSocket, ...QUICK })
      socket.on('close', ({ event }) => { codes.push(event.code); tell() })
      socket.on('status', tell)
      return attach({ name, ...more })
    },
    attach,
    choose: ({ key }) => { Object.assign(current, attached.get(key)) },
    detach: () => current.provider.destroy(),
    offline: () => socket.disconnect(),
    online: () => { socket.connect() },
    drop: () => socket.webSocket.terminate(), // as a network does: no close frame
    token: given => { token = given.token },
    asked: ({ count }) => until(() => asked.count >= count, `asked for a token ${count} times`),
    codes: () => codes,
    closed: ({ code }) => until(() => codes.includes(code), `closed with ${code}`),
    told: ({ what }) => current.told[what],
    hears: ({ what, count = 1 }) => until(() => current.told[what].length >= count, `${what}, ${count} times`),
    scope: () => current.provider.authorizedScope,
    unsynced: () => current.provider.unsyncedChanges,
    saved: () => until(() => current.provider.synced && !current.provider.hasUnsyncedChanges, 'everything saved'),
    stateless: ({ payload }) => current.provider.sendStateless(payload)
  }
}
