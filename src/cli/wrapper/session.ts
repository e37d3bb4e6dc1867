import {
  type Message,
  notificationText,
  requestText,
  resultMembers,
} from '../../kernel/jsonrpc.js';
import { RELAYED, scanJson } from '../../kernel/json-scan.js';
import { LATEST_LEGACY } from '../../kernel/mcp.js';
import { backOff, isStarting, isUnsent, TRIES } from './back-off.js';
import type { Outcome } from './exchange.js';
import { type Fault, faultOf } from './fault.js';
import { ownRequest } from './own-request.js';
import type { Remote } from './remote.js';
import type { WrapperLog } from './wrapper-log.js';

interface Hooks {
  /** The gateway has forgotten the session: what is open on it will never be answered. */
  onLost(): void;
  /** A new session stands in for the lost one. */
  onReopened(): void;
}

const LIST_KINDS = ['tools', 'resources', 'prompts'];

/**
 * The client's session on the gateway. Lost ones are opened anew with what the client once said in
 * its `initialize`; messages wait meanwhile.
 */
export class Session {
  private gate: Promise<void> = Promise.resolve();
  private reopening: Promise<void> | null = null;
  private params: string | null = null;
  private kinds: readonly string[] = [];
  private count = 0;
  private isLost = false;
  /** How often it was tried in vain, all tries together, to open another. */
  private failures = 0;
  private fault: Fault | null = null;
  private negotiated: string | null = null;

  constructor(
    private readonly remote: Remote,
    private readonly hooks: Hooks,
    private readonly log: WrapperLog,
  ) {}

  /** Changes whenever the session does. */
  get generation(): number {
    return this.count;
  }

  /** As the client knows it; `null` before `initialize`. */
  get revision(): string | null {
    return this.negotiated;
  }

  /** The lists that the client was told of, as in `notifications/{kind}/list_changed`. */
  get listKinds(): readonly string[] {
    return this.kinds;
  }

  /** Lets later messages wait until the work is done, behind what they wait for already. */
  barrier(work: () => Promise<void>): Promise<void> {
    this.gate = this.gate.then(work);
    return this.gate;
  }

  /** Waits until messages may be sent. @returns why none may */
  async ready(): Promise<Fault | null> {
    const { failures } = this;
    await this.passed();
    if (!this.isLost) return null;
    // What was tried in vain while this waited was tried for it too.
    if (this.failures > failures) return this.fault;
    this.reopening ??= this.barrier(() => this.reopen()).finally(() => {
      this.reopening = null;
    });
    await this.reopening;
    await this.passed();
    // While it was waited for, `isLost` may have changed.
    return (this.isLost as boolean) ? this.fault : null;
  }

  /** The client's `initialize` goes out: whatever was before is over. */
  async begin(): Promise<void> {
    this.count++;
    this.isLost = false;
    await this.remote.delete(1000);
    this.remote.startOver();
  }

  /** The client's `initialize` has its answer. */
  opened(request: Message, answer: Message, sessionId: string | null): void {
    const result = resultMembers(answer);
    if (result === null) return;
    this.params = request.params?.without() ?? '';
    this.negotiated = result.string('protocolVersion') ?? LATEST_LEGACY;
    this.kinds = kindsOf(result.raw('capabilities'));
    this.remote.join(sessionId, this.negotiated);
    this.log.info({ event: 'session.opened', revision: this.negotiated });
  }

  /** @param generation that of the session which was refused */
  lost(generation: number): void {
    if (generation !== this.count || this.isLost || this.params === null) return;
    this.count++;
    this.isLost = true;
    this.remote.leave();
    this.log.warning({ event: 'session.lost' });
    this.hooks.onLost();
    void this.ready();
  }

  private async passed(): Promise<void> {
    for (let gate: Promise<void> | null = null; gate !== this.gate;) {
      gate = this.gate;
      await gate;
    }
  }

  private async reopen(): Promise<void> {
    for (let attempt = 1; this.isLost; attempt++) {
      const outcome = await this.initialize();
      if (outcome === null) break;
      this.fault = faultOf(outcome, this.remote.url);
      if (attempt >= TRIES || !(isUnsent(outcome) || isStarting(outcome))) {
        this.failures++;
        this.log.error({ event: 'session.not_reopened', status: outcome.status });
        return;
      }
      await backOff(attempt, false);
    }
  }

  /** @returns null when there is a session again */
  private async initialize(): Promise<Outcome | null> {
    const body = requestText('"mcpgateway-wrapper"', 'initialize', this.params ?? '');
    const { outcome, answer } = await ownRequest((hooks) => this.remote.post(body, hooks));
    const result = answer === null ? null : resultMembers(answer);
    if (result === null) return outcome;
    this.remote.join(outcome.sessionId, result.string('protocolVersion') ?? LATEST_LEGACY);
    await this.remote.postAside(notificationText('notifications/initialized', ''));
    this.isLost = false;
    this.log.warning({ event: 'session.reopened' });
    this.hooks.onReopened();
    return null;
  }
}

function kindsOf(capabilities: string | undefined): readonly string[] {
  if (capabilities?.startsWith('{') !== true) return [];
  const { top } = scanJson(capabilities, RELAYED);
  return LIST_KINDS.filter((kind) => top.has(kind));
}
