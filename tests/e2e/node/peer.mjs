// One unmodified provider, told what to do by JSON lines: {id, op, ...} in, {id, value} or {id, error} out. Waiting
// happens here, on Yjs' own events, so that a test never sleeps. The argument names the module of the provider's
// package, which has the operations that are its own.
import readline from 'node:readline'
import WebSocket from 'ws'
import * as Y from 'yjs'

const PATIENCE = 15_000 // ms
const SHARED = { map: 'getMap', array: 'getArray', text: 'getText', xml: 'getXmlFragment' }

const changed = new EventTarget()
const tell = () => changed.dispatchEvent(new Event('change'))
let frames = 0

// What the provider is given to speak with; it only counts.
class CountingSocket extends WebSocket {
  constructor (...given) {
    super(...given)
    this.on('message', () => { frames += 1; tell() })
  }
}

// The document that the operations are about, and its provider.
const current = { doc: newDocument(), provider: null }

function newDocument () {
  const doc = new Y.Doc()
  for (const [name, get] of Object.entries(SHARED)) doc[get](name)
  doc.on('update', tell)
  return doc
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
  set: ({ key, value }) => current.doc.getMap('map').set(key, value),
  unset: ({ key }) => current.doc.getMap('map').delete(key),
  push: ({ values }) => current.doc.getArray('array').push(values),
  take: ({ index, length }) => current.doc.getArray('array').delete(index, length),
  write: ({ index, text }) => current.doc.getText('text').insert(index, text),
  erase: ({ index, length }) => current.doc.getText('text').delete(index, length),
  format: ({ index, length, marks }) => current.doc.getText('text').format(index, length, marks),
  element: ({ index, name, attributes, text }) => {
    const element = new Y.XmlElement(name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
    element.insert(0, [new Y.XmlText(text)])
    current.doc.getXmlFragment('xml').insert(index, [element])
  },
  // Many small transactions, as typing makes them; every one is an update of its own.
  type: ({ text }) => {
    const shared = current.doc.getText('text')
    for (const each of text) shared.insert(shared.length, each)
  }
}

const operations = {
  edit: ({ edit, ...given }) => { edits[edit](given) },
  presence: ({ state }) => current.provider.awareness.setLocalState(state),
  contents: () => contents(current.doc),
  state: () => base64(Y.encodeStateAsUpdate(current.doc)),
  snapshot: () => base64(Y.encodeSnapshot(Y.snapshot(current.doc))),
  frames: () => frames,
  // What a fresh document becomes from these updates: the judge of what a hub or another peer holds.
  judge: ({ updates }) => {
    const judged = new Y.Doc()
    for (const update of updates) Y.applyUpdate(judged, bytes(update))
    if (judged.store.pendingStructs !== null || judged.store.pendingDs !== null) throw new Error('something is missing')
    return { snapshot: base64(Y.encodeSnapshot(Y.snapshot(judged))), contents: contents(judged) }
  },
  synced: () => until(() => current.provider.synced, 'synced'),
  async reached ({ snapshot }) {
    const wanted = Y.decodeSnapshot(bytes(snapshot))
    await until(() => Y.equalSnapshots(Y.snapshot(current.doc), wanted), 'the same document')
  },
  async sees ({ states }) {
    const wanted = JSON.stringify(states)
    const others = () => JSON.stringify([...current.provider.awareness.getStates()]
      .filter(([client]) => client !== current.doc.clientID).map(([, state]) => state).sort(byName))
    await until(() => others() === wanted, `who is here (${wanted})`)
  },
  async heard ({ count }) {
    const wanted = frames + count
    await until(() => frames >= wanted, `${count} frames`)
  }
}

const byName = (a, b) => a.name < b.name ? -1 : 1

const { own } = await import(`./${process.argv[2]}.mjs`)
Object.assign(operations, own({ current, newDocument, until, tell, CountingSocket }))

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { id, op, ...given } = JSON.parse(line)
  const answer = told => process.stdout.write(JSON.stringify({ id, ...told }) + '\n')
  Promise.resolve().then(() => operations[op](given))
    .then(value => answer({ value: value ?? null }), error => answer({ error: error.stack }))
}
process.exit()
