// Socket.IO 4 over WebSocket only: rooms with io.to(room).emit(), acknowledgements for join, leave and echo.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });
io.on('connection', (socket) => {
  socket.on('join', (room, ack) => {
    socket.data.room = room;
    void socket.join(room);
    ack();
  });
  socket.on('leave', (room, ack) => {
    void socket.leave(room);
    ack();
  });
  socket.on('echo', (payload, ack) => ack(payload));
  socket.on('shout', (payload) => io.to(socket.data.room).emit('new_msg', payload));
});
http.listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), backlog: 4096 }, () => {
  process.stdout.write(`listening on 127.0.0.1:${http.address().port}\n`);
});
