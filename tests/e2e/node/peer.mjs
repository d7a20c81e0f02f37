// One unmodified y-websocket provider, told what to do by JSON lines: {id, op, ...} in, {id, value} or {id, error}
// out. Waiting happens here, on Yjs' own events, so that a test never sleeps.
import readline from 'node:readline'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const PATIENCE = 15_000 // ms
const SHARED = { map: 'getMap', array: 'getArray', text: 'getText', xml: 'getXmlFragment' }

let provider = null
let frames = 0
const doc = new Y.Doc()
const codes = []
const changed = new EventTarget()
const tell = () => changed.dispatchEvent(new Event('change'))

// What the provider is given to speak with; it only counts.
class CountingSocket extends WebSocket {
  constructor (...given) {
    super(...given)
    this.on('message', () => { frames += 1; tell() })
  }
}

async function until (holds, what) {
  const deadline = Date.now() + PATIENCE
  while (!holds()) {
    const left = deadline - Date.now()
    if (left <= 0) throw new Error(`${what}: not within ${PATIENCE} ms`)
    await new Promise(resolve => {
      const timer = setTimeout(resolve, left)
      changed.addEventListener('change', () => { clearTimeout(timer); resolve() }, { once: true })
    })
  }
}

const contents = of => Object.fromEntries(
  Object.entries(SHARED).map(([name, get]) => [name, of[get](name).toJSON()]))
const base64 = bytes => Buffer.from(bytes).toString('base64')
const bytes = text => new Uint8Array(Buffer.from(text, 'base64'))

const edits = {
  set: ({ key, value }) => doc.getMap('map').set(key, value),
  unset: ({ key }) => doc.getMap('map').delete(key),
  push: ({ values }) => doc.getArray('array').push(values),
  take: ({ index, length }) => doc.getArray('array').delete(index, length),
  write: ({ index, text }) => doc.getText('text').insert(index, text),
  erase: ({ index, length }) => doc.getText('text').delete(index, length),
  format: ({ index, length, marks }) => doc.getText('text').format(index, length, marks),
  element: ({ index, name, attributes, text }) => {
    const element = new Y.XmlElement(name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    element.insert(0, [new Y.XmlText(text)])
    doc.getXmlFragment('xml').insert(index, [element])
  },
  // Many small transactions, as typing makes them; every one is an update of its own.
  type: ({ text }) => { for (const each of text) doc.getText('text').insert(doc.getText('text').length, each) }
}

const operations = {
  async start ({ url, name, token, connect = true }) {
    for (const name of Object.keys(SHARED)) doc[SHARED[name]](name)
    const params = token === null ? {} : { token }
    provider = new WebsocketProvider(url, name, doc, { params, connect, WebSocketPolyfill: CountingSocket })
    provider.on('connection-close', event => { codes.push(event === null ? null : event.code); tell() })
    for (const event of ['status', 'sync', 'closed']) provider.on(event, tell)
    provider.awareness.on('change', tell)
    doc.on('update', tell)
    return doc.clientID
  },
  edit: ({ edit, ...given }) => { edits[edit](given) },
  offline: () => provider.disconnect(),
  online: () => provider.connect(),
  drop: () => provider.ws.terminate(), // as a network does: no close frame
  token: ({ token }) => { provider.params = { token } },
  presence: ({ state }) => provider.awareness.setLocalState(state),
  contents: () => contents(doc),
  state: () => base64(Y.encodeStateAsUpdate(doc)),
  codes: () => codes,
  frames: () => frames,
  // What a fresh document becomes from these updates: the judge of what a hub or another peer holds.
  judge: ({ updates }) => {
    const judged = new Y.Doc()
    for (const update of updates) Y.applyUpdate(judged, bytes(update))
    if (judged.store.pendingStructs !== null || judged.store.pendingDs !== null) throw new Error('something is missing')
    return { snapshot: base64(Y.encodeSnapshot(Y.snapshot(judged))), contents: contents(judged) }
  },
  synced: () => until(() => provider.synced, 'synced'),
  async reached ({ snapshot }) {
    const wanted = Y.decodeSnapshot(bytes(snapshot))
    await until(() => Y.equalSnapshots(Y.snapshot(doc), wanted), 'the same document')
  },
  async sees ({ states }) {
    const wanted = JSON.stringify(states)
    const others = () => JSON.stringify([...provider.awareness.getStates()]
      .filter(([client]) => client !== doc.clientID).map(([, state]) => state).sort(byName))
    await until(() => others() === wanted, `who is here (${wanted})`)
  },
  async closed ({ code }) {
    await until(() => codes.includes(code), `closed with ${code}`)
  },
  async heard ({ count }) {
    const wanted = frames + count
    await until(() => frames >= wanted, `${count} frames`)
  },
  stopped: () => !provider.shouldConnect && provider.ws === null
}

const byName = (a, b) => a.name < b.name ? -1 : 1

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, op, ...given } = JSON.parse(line)
  const answer = told => process.stdout.write(JSON.stringify({ id, ...told }) + '\n')
  Promise.resolve().then(() => operations[op](given))
    .then(value => answer({ value: value ?? null }), error => answer({ error: error.stack }))
}
process.exit()
