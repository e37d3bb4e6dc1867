import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';

const okText = (call, text = 'ok') =>
  JSON.stringify({ jsonrpc: '2.0', id: call.id, result: { content: [{ type: 'text', text }] } });

/** What a child process can do to the one that started it; over stdio only. */
export const pipe = {
  fds: (call) => call.text(JSON.stringify(readdirSync('/proc/self/fd'))),
  stderr(call) {
    process.stderr.write('e'.repeat(call.args.bytes ?? 1024 * 1024), () => call.text('ok'));
  },
  noise(call) {
    call.out.write('Debugger listening on ws://…\n{"level":30,"msg":"a log line"}\n\n');
    call.text('ok');
  },
  bom: (call) => call.out.write(`\uFEFF${okText(call)}\n`),
  crlf: (call) => call.out.write(`${okText(call)}\r\n`),
  splitutf8(call) {
    const bytes = Buffer.from(`${okText(call, 'häß😀')}\n`);
    const cut = bytes.indexOf(Buffer.from('😀')) + 2;
    call.out.write(bytes.subarray(0, cut));
    call.after(30, () => call.out.write(bytes.subarray(cut)));
  },
  nonewline: (call) => call.out.write('n'.repeat(call.args.bytes ?? 1024 * 1024)),
  grandchild(call) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
    });
    call.world.journal.write({ event: 'child', childPid: child.pid, nonce: call.nonce });
    call.text(String(child.pid));
  },
  ignore_term(call) {
    process.on('SIGTERM', () => call.world.journal.write({ event: 'signal', signal: 'SIGTERM' }));
    call.world.staysAlive = true;
    call.text(String(process.pid));
  },
  exit: (call) => process.exit(call.args.code ?? 1),
};
