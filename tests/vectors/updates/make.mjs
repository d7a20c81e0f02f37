// Writes the vectors of this folder with the real Yjs: `npm install && npm run make`. Deterministic: a seeded
// generator, fixed client ids. See README.md for the shapes.
import { readFileSync, writeFileSync } from 'node:fs'
import * as Y from 'yjs'

const base64 = (bytes) => Buffer.from(bytes).toString('base64')
const stateVector = (doc) => base64(Y.encodeStateVector(doc))

function generator (seed) { // mulberry32
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n) => Math.floor(next() * n)
  return { below, pick: (list) => list[below(list.length)] }
}

// ---------------------------------------------------------------- what a document shows

const plain = (value) => {
  if (value === undefined) return null
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return { $bytes: base64(value) }
  if (value instanceof Y.Text) return { $delta: delta(value) }
  if (value instanceof Y.XmlFragment) return { $xml: xml(value) }
  if (value instanceof Y.Map) return Object.fromEntries([...value.entries()].map(([k, v]) => [k, plain(v)]))
  if (value instanceof Y.Array) return value.toArray().map(plain)
  if (value instanceof Y.Doc) return { $doc: value.guid }
  if (Array.isArray(value)) return value.map(plain)
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  }
  return value
}
const delta = (text) => text.toDelta().map(({ insert, attributes }) => [plain(insert), plain(attributes ?? {})])
const xml = (node) => node.toArray().map((child) =>
  child instanceof Y.XmlText
    ? { text: delta(child) }
    : { tag: child.nodeName, attributes: plain(child.getAttributes()), children: xml(child) })

const roots = { map: Y.Map, array: Y.Array, text: Y.Text, xml: Y.XmlFragment }
const shown = (doc) => Object.fromEntries(Object.entries(roots).map(([name, type]) => [name, plain(doc.get(name, type))]))

// ---------------------------------------------------------------- random edits

const words = ['task', '任务', 'done ✓', '😀', 'née', '👩‍👩‍👧', '𠮷野家', 'a longer piece of text that is typed', '\u0000', '']
const values = [
  null, undefined, true, false, 0, -1, 63, 64, -64, 2 ** 31, -(2 ** 31) - 1, 1717171717171, 0.5, 1 / 3, 1e300, 12n,
  'text', '文字 😀', [], {}, [1, [2, [3, []]]], { a: { b: { c: [null, 'x'] } } }, new Uint8Array([0, 255, 7])
]

const elements = values.filter((value) => value !== undefined && typeof value !== 'bigint') // what arrays may hold

const editMap = (map, random, depth) => {
  const key = random.pick(['a', 'b', 'c', '标题', 'k' + random.below(9)])
  const kind = random.below(10)
  if (kind < 5) map.set(key, random.pick(values))
  else if (kind < 7) map.delete(key)
  else if (depth < 5) map.set(key, random.pick([() => new Y.Map(), () => new Y.Array(), () => new Y.Text('nested 😀')])())
  else if (depth === 5) map.set(key, new Y.Doc({ guid: 'sub-' + random.below(1e6), meta: { title: 'x' } }))
}
const editArray = (array, random, depth) => {
  const at = random.below(array.length + 1)
  const kind = random.below(10)
  if (kind < 4) array.insert(at, [random.pick(elements), random.below(1000)])
  else if (kind < 6 && at < array.length) array.delete(at, Math.min(1 + random.below(3), array.length - at))
  else if (depth < 5) array.insert(at, [random.pick([() => new Y.Map(), () => new Y.Array(), () => new Y.Text('x')])()])
  else array.push([random.below(9)])
}
const boundary = (text, at) => { // the last one at or before it where no pair is cut
  const units = text.toDelta().map(({ insert }) => (typeof insert === 'string' ? insert : ' ')).join('')
  return /[\udc00-\udfff]/.test(units[at] ?? '') ? at - 1 : at
}
const editText = (text, random, cuts) => {
  const somewhere = (from) => {
    const at = from + random.below(text.length + 1 - from)
    return cuts ? at : Math.max(from, boundary(text, at))
  }
  const kind = random.below(10)
  const at = somewhere(0)
  const end = Math.min(somewhere(at), boundary(text, at + 6))
  const attributes = random.pick([{ bold: true }, { bold: null }, { color: '#f00' }, { link: { href: 'x', n: 1 } }])
  if (kind < 5) text.insert(at, random.pick(words))
  else if (kind < 7 && at < end) text.delete(at, end - at)
  else if (kind < 9 && at < end) text.format(at, end - at, attributes)
  else text.insertEmbed(at, random.pick([{ image: 'x.png' }, { mention: { user: '张三' } }]))
}
const editXml = (parent, random, depth) => {
  const at = random.below(parent.length + 1)
  const kind = random.below(10)
  if (kind < 3) parent.insert(at, [new Y.XmlText(random.pick(words))])
  else if (kind < 6) parent.insert(at, [new Y.XmlElement(random.pick(['p', 'h1', '段落']))])
  else if (kind < 7 && at < parent.length) parent.delete(at, 1)
  else {
    const child = at < parent.length ? parent.get(at) : null
    if (child instanceof Y.XmlText) editText(child, random, false)
    else if (child instanceof Y.XmlElement && depth < 6) {
      if (kind === 7) child.setAttribute(random.pick(['id', 'class']), random.pick(['1', 'x', '值']))
      else editXml(child, random, depth + 1)
    }
  }
}

function edit (doc, random, { cuts = false } = {}) {
  const kind = random.below(4)
  if (kind === 0) return descend(doc.getMap('map'), random, 0)
  if (kind === 1) return descend(doc.getArray('array'), random, 0)
  if (kind === 2) return editText(doc.getText('text'), random, cuts)
  return editXml(doc.getXmlFragment('xml'), random, 0)
}
function descend (type, random, depth) {
  const children = type instanceof Y.Map ? [...type.values()] : type instanceof Y.Array ? type.toArray() : []
  const child = children.length > 0 && random.below(2) ? random.pick(children) : null
  if (child instanceof Y.Map || child instanceof Y.Array) return descend(child, random, depth + 1)
  if (child instanceof Y.Text) return editText(child, random, false)
  return type instanceof Y.Map ? editMap(type, random, depth) : editArray(type, random, depth)
}

// ---------------------------------------------------------------- sessions: devices, offline and not, and a hub

class Device {
  constructor (clientID) {
    this.doc = new Y.Doc()
    this.doc.clientID = clientID
    this.queue = []
    this.doc.on('update', (update, origin) => { if (origin !== 'hub') this.queue.push(update) })
    this.undo = new Y.UndoManager([this.doc.getMap('map'), this.doc.getText('text'), this.doc.getArray('array')])
  }
}

function session (name, seed, { devices, rounds, ids, cuts = false }) {
  const random = generator(seed)
  const hub = new Y.Doc()
  const steps = []
  let ids_ = 0
  const fresh = () => new Device(ids(ids_++, random))
  const party = Array.from({ length: devices }, fresh)
  const push = (update) => {
    const before = base64(Y.encodeStateAsUpdate(hub))
    Y.applyUpdate(hub, update)
    const kept = base64(Y.encodeStateAsUpdate(hub)) !== before
    steps.push({ update: base64(update), state_vector: stateVector(hub), new: kept })
  }
  for (let round = 0; round < rounds; round++) {
    const at = random.below(devices)
    const device = party[at]
    const edits = 1 + random.below(12)
    for (let n = 0; n < edits; n++) {
      device.doc.transact(() => edit(device.doc, random, { cuts }), device.undo.trackedOrigins.values().next().value)
      if (random.below(12) === 0) device.undo.undo()
      if (random.below(24) === 0) device.undo.redo()
    }
    const how = random.below(4)
    if (how === 0) device.queue.forEach(push) // it was online: one update an edit
    else if (how === 1 && device.queue.length > 0) push(Y.mergeUpdates(device.queue)) // a queue merged without a Doc
    else push(Y.encodeStateAsUpdate(device.doc, Y.encodeStateVector(hub))) // it was offline: Step2
    device.queue = []
    if (random.below(3) > 0) Y.applyUpdate(device.doc, Y.encodeStateAsUpdate(hub, Y.encodeStateVector(device.doc)), 'hub')
    if (random.below(15) === 0) { // a new page: what the hub holds, under another client id
      party[at] = fresh()
      Y.applyUpdate(party[at].doc, Y.encodeStateAsUpdate(hub), 'hub')
    }
  }
  party.forEach((device) => push(Y.encodeStateAsUpdate(device.doc, Y.encodeStateVector(hub))))
  party.forEach((device) => push(Y.encodeStateAsUpdate(device.doc))) // all of it again: nothing new
  return { name, steps, shows: shown(hub), whole: base64(Y.encodeStateAsUpdate(hub)) }
}

const random32 = (_, random) => 1 + random.below(2 ** 32 - 1)
const sessions = [
  session('Two devices write by turns', 1, { devices: 2, rounds: 40, ids: random32 }),
  session('Four devices, mostly offline', 2, { devices: 4, rounds: 50, ids: random32 }),
  session('Small client ids, as tests have them', 3, { devices: 3, rounds: 40, ids: (n) => n + 1 }),
  session('Client ids of 53 bits', 4, { devices: 3, rounds: 40, ids: (n, random) => 2 ** 52 + random.below(2 ** 30) * 2 ** 20 + n }),
  session('Ten devices at once', 5, { devices: 10, rounds: 60, ids: random32 }),
  session('One device, many pages', 6, { devices: 1, rounds: 60, ids: random32 }),
  session('Editors that cut surrogate pairs', 7, { devices: 3, rounds: 50, ids: random32, cuts: true })
]

// ---------------------------------------------------------------- single updates, one of a kind

const one = (name, build, refused) => {
  const doc = new Y.Doc()
  doc.clientID = 1
  const updates = []
  doc.on('update', (update) => updates.push(update))
  const made = build(doc, updates)
  const update = made instanceof Uint8Array ? made : Y.encodeStateAsUpdate(doc)
  if (refused) return { name, update: base64(update), refused }
  const reader = new Y.Doc()
  Y.applyUpdate(reader, update)
  return { name, update: base64(update), state_vector: stateVector(reader), shows: shown(reader) }
}
const gapped = (updates) => Y.mergeUpdates([updates[0], updates[2]])
const three = (doc) => ['x', 'y', 'z'].forEach((char) => doc.getText('text').insert(0, char))
const deep = (levels) => (doc) => {
  let array = doc.getArray('array')
  for (let n = 0; n < levels; n++) {
    const inner = new Y.Array()
    array.insert(0, [inner])
    array = inner
  }
}
const nest = (levels) => (doc) => {
  let value = []
  for (let n = 1; n < levels; n++) value = [value]
  doc.getMap('map').set('k', value)
}
const crossed = () => { // client 9's struct builds on client 2's, and client 2's later one on client 9's
  const [low, high] = [2, 9].map((id) => { const doc = new Y.Doc(); doc.clientID = id; return doc })
  const exchange = () => [[low, high], [high, low]].forEach(([from, to]) => Y.applyUpdate(to, Y.encodeStateAsUpdate(from)))
  low.getMap('map').set('m', new Y.Map()); exchange()
  high.getMap('map').get('m').set('a', new Y.Array()); exchange()
  low.getMap('map').get('m').get('a').insert(0, [new Y.Text('x')]); exchange()
  high.getMap('map').get('m').get('a').get(0).insert(0, 'y'); exchange()
  return Y.encodeStateAsUpdate(low)
}
const singles = [
  one('An empty document', () => {}),
  one('Ascii text', (doc) => doc.getText('text').insert(0, 'hello')),
  one('Text counts UTF-16 units', (doc) => doc.getText('text').insert(0, 'né任😀')),
  one('A string with a lone surrogate is sent with U+FFFD', (doc) => doc.getText('text').insert(0, 'a\ud83d')),
  one('Half of a pair is deleted in the update that brings it', (doc, updates) => {
    doc.getText('text').insert(0, 'a😀b'); doc.getText('text').delete(1, 1)
    return Y.mergeUpdates(updates)
  }),
  one('A root without a name', (doc) => doc.getMap('').set('', '')),
  one('Every kind of value', (doc) => doc.getArray('array').insert(0, elements)),
  one('What only maps may hold', (doc) => {
    doc.getMap('map').set('n', 12n); doc.getMap('map').set('u', undefined)
  }),
  one('Bytes', (doc) => doc.getArray('array').insert(0, [new Uint8Array(300)])),
  one('Formatted text with an embed', (doc) => {
    doc.getText('text').insert(0, 'bold', { bold: true }); doc.getText('text').insertEmbed(1, { image: 'x' })
  }),
  one('XML', (doc) => {
    const element = new Y.XmlElement('p')
    doc.getXmlFragment('xml').insert(0, [element]); element.setAttribute('id', '1'); element.insert(0, [new Y.XmlText('t')])
  }),
  one('A subdocument', (doc) => doc.getMap('map').set('sub', new Y.Doc({ guid: 'g', autoLoad: true }))),
  one('A deleted map leaves GC structs', (doc) => {
    const map = new Y.Map([['a', 1], ['b', 2]])
    doc.getMap('map').set('m', map); doc.getMap('map').delete('m')
  }),
  one('Structs of two clients that build on each other by turns', crossed),
  one('Arrays nested 64 deep', deep(64)),
  one('Arrays nested 65 deep', deep(65), 'refused'),
  one('A value nested 16 deep', nest(16)),
  one('A value nested 17 deep', nest(17), 'refused'),
  one('An embed nested 17 deep', (doc) => {
    let embed = {}
    for (let n = 1; n < 17; n++) embed = { embed }
    doc.getText('text').insertEmbed(0, embed)
  }, 'refused'),
  one('A later update without the earlier one', (doc, updates) => { three(doc); return updates[1] }, 'gap'),
  one('A merge that leaves one out has a Skip', (doc, updates) => { three(doc); return gapped(updates) }, 'gap'),
  one('A delete of what is not there', (doc, updates) => {
    doc.getText('text').insert(0, 'x'); doc.getText('text').delete(0, 1)
    return updates[1]
  }, 'gap'),
  one('An XML hook', (doc) => doc.getXmlFragment('xml').insert(0, [new Y.XmlHook('hook')]), 'refused'),
  one('What a document with something pending sends', (doc, updates) => {
    three(doc)
    const other = new Y.Doc()
    Y.applyUpdate(other, updates[0]); Y.applyUpdate(other, updates[2])
    return Y.encodeStateAsUpdate(other)
  }, 'gap')
]

const { version } = JSON.parse(readFileSync(new URL('node_modules/yjs/package.json', import.meta.url)))
const write = (file, content) =>
  writeFileSync(new URL(file, import.meta.url), JSON.stringify({ yjs: version, ...content }, null, 1) + '\n')
write('sessions.json', { sessions })
write('singles.json', { singles })
