/**
 * One request that a tool answers. `out` is what the transport gives:
 * - `message(text)`: sends one message before the answer
 * - `final(text)`: sends the answer and ends the exchange
 * - `res`: the `http.ServerResponse` of Streamable HTTP, `null` elsewhere
 * - `write(bytes)`: raw bytes into a pipe, `null` on Streamable HTTP
 */
export class Call {
  constructor({ id, params, session, out, from, world }) {
    this.id = id;
    this.params = params;
    this.args = params.arguments ?? {};
    this.nonce = this.args.nonce ?? null;
    this.session = session;
    this.out = out;
    this.from = from;
    this.world = world;
    this.isModern = session.isModern === true;
    this.cancelled = false;
    this.onCancel = null;
    this.timers = new Set();
  }

  /** Answers with a result given as an object, or as JSON text to be sent exactly as it is. */
  result(result) {
    let text = typeof result === 'string' ? result : JSON.stringify(result);
    if (this.isModern) text = `{"resultType":"complete"${text === '{}' ? '' : ','}${text.slice(1)}`;
    this.out.final(`{"jsonrpc":"2.0","id":${JSON.stringify(this.id)},"result":${text}}`);
  }

  /** Answers with one text block that repeats the nonce. */
  text(text) {
    this.result({ content: [{ type: 'text', text }], _meta: { nonce: this.nonce } });
  }

  error(code, message, data) {
    const error = { code, message, ...(data === undefined ? {} : { data }) };
    this.out.final(JSON.stringify({ jsonrpc: '2.0', id: this.id, error }));
  }

  notify(method, params) {
    this.out.message(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  progress(progress, total) {
    const progressToken = this.params._meta?.progressToken;
    if (progressToken === undefined) return;
    this.notify('notifications/progress', {
      progressToken,
      progress,
      total,
      message: `step ${progress}`,
    });
  }

  /** Asks the client; resolves with its whole response message. */
  ask(method, params) {
    const id = `ask-${++this.world.asked}`;
    const answer = new Promise((resolve) => this.session.pending.set(id, resolve));
    this.out.message(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return answer;
  }

  /** Runs `work` later; forgotten when the exchange is over. */
  after(ms, work) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }

  cancel() {
    this.cancelled = true;
    this.onCancel?.();
  }

  dispose() {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
