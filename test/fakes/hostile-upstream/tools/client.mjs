const summary = (answer) =>
  JSON.stringify(answer.result ?? { error: answer.error?.code, message: answer.error?.message });

/** What a server says to its client besides answers. */
export const client = {
  async sample(call) {
    const answer = await call.ask('sampling/createMessage', {
      messages: [{ role: 'user', content: { type: 'text', text: call.args.prompt ?? 'hi' } }],
      maxTokens: 10,
      ...(call.args.token === undefined ? {} : { _meta: { progressToken: call.args.token } }),
    });
    call.text(summary(answer));
  },
  async elicit(call) {
    const answer = await call.ask('elicitation/create', {
      message: call.args.message ?? 'your name?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
    });
    call.text(summary(answer));
  },
  async roots(call) {
    call.text(summary(await call.ask('roots/list', {})));
  },
  /** Asks `n` questions at once, pings unless said, answers whatever comes back. */
  questions(call) {
    const { n = 1000, method = 'ping' } = call.args;
    for (let i = 0; i < n; i++) {
      const id = `${call.nonce}-${i}`;
      call.out.message(JSON.stringify({ jsonrpc: '2.0', id, method, params: {} }));
    }
    call.after(call.args.ms ?? 500, () => call.text('asked'));
  },
  /** Adds a tool each time, so that there is a difference to see, and says so `n` times within `overMs`. */
  listchanged(call) {
    const { n = 1, overMs = 0 } = call.args;
    call.world.lists.extra += 1;
    const say = () =>
      call.world.broadcast({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    if (overMs === 0) for (let i = 0; i < n; i++) say();
    else for (let i = 0; i < n; i++) setTimeout(say, (i * overMs) / n);
    call.text('changed');
  },
  /** Adds a tool, and says so on the stream of the call, besides other notices: `[{method, params}]`. */
  announce(call) {
    call.world.lists.extra += 1;
    call.notify('notifications/tools/list_changed');
    for (const { method, params } of call.args.notices ?? []) call.notify(method, params);
    call.text('announced');
  },
  log(call) {
    for (let i = 0; i < (call.args.n ?? 1); i++)
      call.notify('notifications/message', { level: 'info', logger: 'kit', data: `line ${i}` });
    call.text('logged');
  },
  flood(call) {
    const { perS = 1000, s = 1 } = call.args;
    let left = perS * s;
    const tick = () => {
      for (let i = 0; i < Math.max(1, perS / 100) && left > 0; i++, left--)
        call.progress(perS * s - left + 1, perS * s);
      if (left > 0) call.after(10, tick);
      else call.text('flooded');
    };
    tick();
  },
};

export const cancel = {
  /** Ends without an answer when it is cancelled. */
  cancellable(call) {
    call.onCancel = () => call.dispose();
    call.progress(1, 2);
    call.after(call.args.ms ?? 20000, () => call.text('not cancelled'));
  },
  /** Hears a cancellation and answers all the same. */
  deaf: (call) => call.after(call.args.ms ?? 500, () => call.text('did not listen')),
  cancel_report: (call) => call.text(JSON.stringify(call.world.cancelled)),
};

export const looks = {
  headers: (call) => call.text(JSON.stringify(call.from.headers ?? {})),
  whoami: (call) => call.text(String(call.from.credential ?? 'nobody')),
  env: (call) => call.text(JSON.stringify(process.env)),
  argv: (call) => call.text(JSON.stringify(process.argv)),
};
