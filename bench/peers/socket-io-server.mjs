// socket.io: what comes from one connection goes to all others in its room (`room` of the query). No compression,
// no polling, nothing saved.
import { Server } from 'socket.io'

const options = { transports: ['websocket'], perMessageDeflate: false, serveClient: false }
const server = new Server(options)
server.on('connection', socket => {
  const { room } = socket.handshake.query
  socket.join(room)
  socket.on('u', update => socket.to(room).emit('u', update))
})
server.listen(Number(process.env.PORT))
