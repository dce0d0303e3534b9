// npm ws, the usual way: every text message goes to every client with ws.send(); 'E…' is echoed to its sender.
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2] ?? 0), backlog: 4096, perMessageDeflate: false });
server.on('connection', (ws) => {
  ws.on('error', () => {});
  ws.on('message', (data) => {
    const text = data.toString();
    if (text.startsWith('E')) return ws.send(text);
    for (const client of server.clients) if (client.readyState === 1) client.send(text);
  });
});
server.on('listening', () => process.stdout.write(`listening on 127.0.0.1:${server.address().port}\n`));
