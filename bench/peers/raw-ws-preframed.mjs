// npm ws for handshakes and reading; a broadcast is framed once and the same buffer is written to each socket.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  backlog: 4096,
  perMessageDeflate: false,
  clientTracking: false,
});
const sockets = new Set();
server.on('connection', (ws) => {
  const socket = ws._socket;
  sockets.add(socket);
  ws.on('error', () => {});
  ws.on('close', () => sockets.delete(socket));
  ws.on('message', (data) => {
    const wire = frame(data);
    if (data[0] === 0x45) return socket.write(wire); // 'E…' is echoed to its sender.
    for (const each of sockets) if (each.writable) each.write(wire);
  });
});
server.on('listening', () => process.stdout.write(`listening on 127.0.0.1:${server.address().port}\n`));

function frame(data) {
  const size = data.length;
  const header = size < 126 ? [0x81, size] : size < 65_536 ? [0x81, 126, size >> 8, size & 255] : [0x81, 127, 0, 0, 0, 0, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  return Buffer.concat([Buffer.from(header), data]);
}
