import { type Message, notificationText } from '../../kernel/jsonrpc.js';
import { Asides } from './asides.js';
import { CallRunner } from './call-runner.js';
import { fault } from './fault.js';
import { ListenStream } from './listen-stream.js';
import type { OpenCall } from './open-call.js';
import type { Parts } from './parts.js';
import { Session } from './session.js';

const UNKNOWN = fault(
  'upstream_error',
  'The gateway lost the session while the request was open; the outcome is unknown, it was not repeated',
);

/** Messages of the revisions with `initialize`: they live in one session on the gateway. */
export class LegacyEra {
  private readonly session: Session;
  private readonly asides: Asides;
  private readonly runner: CallRunner;
  private readonly listener: ListenStream;
  private isClosed = false;

  constructor(private readonly parts: Parts) {
    const { remote, out, log } = parts;
    this.session = new Session(remote, this.sessionHooks(), log);
    this.asides = new Asides(remote, this.session, log);
    this.runner = new CallRunner(parts, this.session);
    this.listener = new ListenStream(remote, out, this.listenHooks(), log);
  }

  /** `null` before the client has initialised. */
  get revision(): string | null {
    return this.session.revision;
  }

  run(call: OpenCall): Promise<void> {
    if (call.method !== 'initialize') return this.runner.run(call);
    this.listener.close();
    return this.session.barrier(() => this.runner.run(call));
  }

  notify(text: string, message: Message): Promise<void> {
    return message.method === 'notifications/initialized'
      ? this.session.barrier(() => this.initialized(text))
      : this.asides.post(text);
  }

  /** The client answers a question of the gateway. */
  async answer(text: string, message: Message): Promise<void> {
    if (this.parts.inbound.closeQuestion(message.id as string)) await this.asides.post(text);
    else this.parts.log.debug({ event: 'answer.unasked' });
  }

  /** Tells the gateway that nobody waits for the call any more. */
  abandon(call: OpenCall): Promise<void> {
    if (call.method === 'initialize') return Promise.resolve();
    const params = `"requestId":${call.message.id ?? 'null'},"reason":"timed out"`;
    return this.asides.post(notificationText('notifications/cancelled', params));
  }

  close(): void {
    this.isClosed = true;
    this.listener.close();
  }

  private async initialized(text: string): Promise<void> {
    await this.asides.postNow(text);
    if (!this.isClosed) this.listener.open();
  }

  private sessionHooks(): ConstructorParameters<typeof Session>[1] {
    return {
      onLost: () => {
        this.listener.close();
        this.parts.inbound.forgetQuestions();
        this.parts.calls.failAll(UNKNOWN, (call) => call.claim === null && call.isSent());
      },
      onReopened: () => {
        this.tellListsChanged();
        if (!this.isClosed) this.listener.open();
      },
    };
  }

  private listenHooks(): ConstructorParameters<typeof ListenStream>[2] {
    return {
      onText: (text) => {
        this.parts.inbound.take(text, null);
      },
      onSessionLost: () => {
        this.session.lost(this.session.generation);
      },
      onGap: () => {
        this.tellListsChanged();
      },
    };
  }

  private tellListsChanged(): void {
    for (const kind of this.session.listKinds)
      this.parts.out.write(notificationText(`notifications/${kind}/list_changed`, ''));
  }
}
