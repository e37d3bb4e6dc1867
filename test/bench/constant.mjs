/** The floor of a list: node:http that sends one body of `BYTES` bytes. */
import http from 'node:http';

const frame = ['{"jsonrpc":"2.0","id":', ',"result":{"tools":["', '"]}}'];
const filler = 'x'.repeat(Math.max(0, Number(process.env.BYTES) - frame.join('').length - 4));

const server = http.createServer((req, res) => {
  let text = '';
  req.setEncoding('utf8');
  req.on('data', (part) => (text += part));
  req.on('end', () => {
    const { id, method } = JSON.parse(text);
    if (id === undefined) return res.writeHead(202).end();
    const isList = method === 'tools/list';
    const body = isList
      ? frame[0] + id + frame[1] + filler + frame[2]
      : `{"jsonrpc":"2.0","id":${id},"result":{}}`;
    res.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    res.end(body);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`READY http://127.0.0.1:${server.address().port}/mcp`);
});
