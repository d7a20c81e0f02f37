// A note that everybody writes at once, and who is here. Nothing in here knows of Tongbu but the address: it is
// Yjs with the y-websocket provider as they come from npm.
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

const COLOURS = ['#b4472e', '#8a6d1d', '#3d7a3a', '#1f7a7a', '#2f62b5', '#7a4bb0', '#a83a78']
const element = id => document.getElementById(id)
const query = new URLSearchParams(location.search)
const hub = query.get('hub') ?? 'ws://127.0.0.1:8787'
const name = query.get('doc') ?? 'note'
const token = query.get('token') ?? ''

const ydoc = new Y.Doc()
const note = ydoc.getText('note')
const provider = new WebsocketProvider(`${hub.replace(/^http/, 'ws')}/yjs/doc`, name, ydoc, { params: { token } })

// ------------------------------------------------------------------ the note

const area = element('note')

// What the person changed, as one insertion and one deletion: everything between what stayed the same at both ends.
// Positions count UTF-16 units, in a textarea as in Y.Text; no character outside the BMP is cut in two.
function difference (before, after) {
  let start = 0
  const shorter = Math.min(before.length, after.length)
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  if (start > 0 && isHighSurrogate(before, start - 1)) start -= 1
  if (end > 0 && isLowSurrogate(before, before.length - end)) end -= 1
  return { start, removed: before.length - end - start, inserted: after.slice(start, after.length - end) }
}

const isHighSurrogate = (text, index) => (text.charCodeAt(index) & 0xfc00) === 0xd800
const isLowSurrogate = (text, index) => (text.charCodeAt(index) & 0xfc00) === 0xdc00

area.addEventListener('input', event => {
  if (event.isComposing) return // pinyin being typed is nobody else's business
  write()
})
area.addEventListener('compositionend', write)

function write () {
  const { start, removed, inserted } = difference(note.toString(), area.value)
  ydoc.transact(() => {
    if (removed > 0) note.delete(start, removed)
    if (inserted !== '') note.insert(start, inserted)
  }, area)
}

// What others changed: the text anew, the cursor where it was between the same characters.
note.observe((event, transaction) => {
  if (transaction.origin === area) return
  let from = area.selectionStart
  let to = area.selectionEnd
  let at = 0
  for (const { retain, insert, delete: removed } of event.delta) {
    if (retain !== undefined) at += retain
    if (insert !== undefined) {
      if (at <= from) from += insert.length
      if (at < to) to += insert.length
      at += insert.length
    }
    if (removed !== undefined) {
      from -= Math.min(removed, Math.max(0, from - at))
      to -= Math.min(removed, Math.max(0, to - at))
    }
  }
  area.value = note.toString()
  area.setSelectionRange(from, Math.max(from, to))
})

// ------------------------------------------------------------------ who is here

const me = element('me')
const mine = { name: query.get('name') ?? `guest ${ydoc.clientID % 1000}`, colour: COLOURS[ydoc.clientID % COLOURS.length] }
me.value = mine.name
provider.awareness.setLocalState(mine)
me.addEventListener('input', () => provider.awareness.setLocalStateField('name', me.value))
provider.awareness.on('change', showWhoIsHere)
showWhoIsHere()

function showWhoIsHere () {
  const people = [...provider.awareness.getStates()].filter(([, person]) => typeof person.name === 'string')
  element('here').replaceChildren(...people.map(([client, { name, colour }]) => {
    const item = document.createElement('li')
    item.textContent = name
    item.style.setProperty('--colour', COLOURS.includes(colour) ? colour : COLOURS[0])
    item.toggleAttribute('data-me', client === ydoc.clientID)
    return item
  }))
}

// ------------------------------------------------------------------ the connection

element('name').textContent = name

provider.on('status', ({ status }) => {
  element('state').textContent = status
  element('state').dataset.state = status
})
provider.on('sync', synced => {
  if (synced) area.disabled = false // until then nobody knows what stands there already
})
provider.on('closed', ({ code, reason }) => {
  const why = code === 4401
    ? 'The token is missing or not valid. Open this page with ?token=…, as “hub serve --dev” prints it.'
    : code === 4403
      ? `You may not write “${name}”: ${reason}. Whoever opened it first, or an administrator, must make you a member.`
      : `The hub closed the connection (${code}): ${reason}`
  element('help').textContent = why
  element('help').hidden = false
  area.disabled = true
})
