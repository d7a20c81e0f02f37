// Node's `ws` with nothing around it: what comes from one connection goes to all others in the same room (the
// path); a room of one gets its own back. No documents, no tokens, nothing saved.
import { WebSocketServer } from 'ws'

const rooms = new Map()
const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT), perMessageDeflate: false })

server.on('listening', () => console.log('running'))
server.on('connection', (socket, request) => {
  const room = rooms.get(request.url) ?? new Set()
  rooms.set(request.url, room)
  room.add(socket)
  socket.on('message', (data, binary) => {
    if (data[0] === 0 && data[1] === 0) return socket.send(Buffer.from([0, 1, 2, 0, 0]), { binary })
    for (const other of room) if (other !== socket) other.send(data, { binary })
  })
  socket.on('close', () => {
    room.delete(socket)
    if (room.size === 0) rooms.delete(request.url)
  })
})
