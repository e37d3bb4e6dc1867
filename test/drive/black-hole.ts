import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

export interface BlackHole {
  readonly url: string;
  /** From now on nothing comes through what is open, in either direction, and no end does either. */
  swallow(): void;
  close(): Promise<void>;
}

/** A TCP proxy that can stop without anybody noticing, as a network does that drops packets. */
export async function aBlackHole(to: string): Promise<BlackHole> {
  const { hostname, port } = new URL(to);
  const open = new Set<Socket>();
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
    }
    near.pipe(far);
    far.pipe(near);
    const pair = [near, far] as const;
    pairs.add(pair);
    const ended = (): void => {
      if (!pairs.has(pair)) return;
      near.destroy();
      far.destroy();
    };
    near.on('close', ended);
    far.on('close', ended);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    swallow() {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.resume();
      }
      pairs.clear();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
