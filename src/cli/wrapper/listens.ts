import { setTimeout as pause } from 'node:timers/promises';
import { type Message, notificationText, parseUpstreamMessage } from '../../kernel/jsonrpc.js';
import { CLAIM } from '../../kernel/mcp.js';
import { isStarting, TRIES } from './back-off.js';
import type { Claim } from './claim.js';
import type { Outcome } from './exchange.js';
import { faultOf } from './fault.js';
import { MissedTasks } from './missed-tasks.js';
import type { ModernCalls } from './modern-calls.js';
import type { OpenCall } from './open-call.js';
import type { Parts } from './parts.js';

const TASK = 'notifications/tasks';
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 30_000;
/** A stream that lasted so long was no failure: the next wait is short again. */
const STEADY_MS = 10_000;
const TOO_MANY = 429;

/** What was granted, as in the acknowledgement (26 Subscriptions). */
interface Granted {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
  readonly taskIds?: readonly string[];
}

/** Holds `subscriptions/listen` open: the POST is sent again whenever its stream is lost. */
export class Listens {
  constructor(
    private readonly parts: Parts,
    private readonly calls: ModernCalls,
  ) {}

  async run(call: OpenCall, claim: Claim): Promise<void> {
    const { contact, remote, log } = this.parts;
    const tasks = new MissedTasks(remote, claim);
    const hold = new Hold(call, this.parts, tasks, () => {
      this.calls.marks.forget();
    });
    for (let losses = 0; !call.isDone(); losses++) {
      const from = performance.now();
      const outcome = await this.calls.send(call, claim, (text) => {
        hold.hear(text);
      });
      if (outcome === null || call.isDone()) return;
      if (!isLost(outcome) || (!hold.wasGranted && losses + 1 >= TRIES)) {
        contact.fail(call, faultOf(outcome, remote.url));
        return;
      }
      if (performance.now() - from > STEADY_MS) losses = 0;
      const waitMs = Math.min(FIRST_WAIT_MS * 2 ** losses, MAX_WAIT_MS);
      log.info({ event: 'listen.lost', status: outcome.status, waitMs });
      await pause(waitMs, undefined, { signal: call.ended }).catch(() => undefined);
    }
  }
}

/** Broken, or ended without a word, or not to be had just now; all else is an answer. */
function isLost(outcome: Outcome): boolean {
  const isOver = outcome.status < 300 || outcome.status === TOO_MANY;
  return outcome.error !== null || isOver || isStarting(outcome);
}

/** One subscription of the client over all the streams that carry it. */
class Hold {
  private granted: Granted | null = null;

  constructor(
    private readonly call: OpenCall,
    private readonly parts: Pick<Parts, 'inbound' | 'out'>,
    private readonly tasks: MissedTasks,
    private readonly onToolsChanged: () => void,
  ) {}

  /** Whether there is something to go on with: who was granted nothing is answered at once. */
  get wasGranted(): boolean {
    return this.granted !== null && Object.keys(this.granted).length > 0;
  }

  hear(text: string): void {
    const message = parsed(text);
    if (message?.method === 'notifications/subscriptions/acknowledged') {
      this.acknowledged(text, message);
      return;
    }
    // The gateway drains, or knows the client no more: the next POST will tell.
    if (message?.top.has('result') === true && this.wasGranted) return;
    if (message !== null) this.note(message);
    this.parts.inbound.take(text, this.call);
  }

  /** What the wrapper itself must know of what is told. */
  private note({ method, params }: Message): void {
    if (method === 'notifications/tools/list_changed') this.onToolsChanged();
    else if (method === TASK)
      this.tasks.told(params?.string('taskId') ?? '', params?.string('status'));
  }

  private acknowledged(text: string, message: Message): void {
    const isFirst = this.granted === null;
    this.granted = JSON.parse(message.params?.raw('notifications') ?? '{}') as Granted;
    if (isFirst) this.parts.inbound.take(text, this.call);
    else this.tellGap(this.granted);
    this.tasks.granted(this.granted.taskIds ?? []);
  }

  /** What was said while the stream was lost is lost: the client reads anew. */
  private tellGap(granted: Granted): void {
    this.onToolsChanged();
    for (const kind of ['tools', 'prompts', 'resources'] as const)
      if (granted[`${kind}ListChanged`] === true) this.tell(`notifications/${kind}/list_changed`);
    for (const uri of granted.resourceSubscriptions ?? [])
      this.tell('notifications/resources/updated', `"uri":${JSON.stringify(uri)},`);
    void this.tasks.ask(
      () => !this.call.isDone(),
      (state) => {
        this.tell(TASK, `${state},`);
      },
    );
  }

  private tell(method: string, params = ''): void {
    const tag = `"_meta":{"${CLAIM.subscriptionId}":${String(this.call.message.id)}}`;
    this.parts.out.write(notificationText(method, params + tag));
  }
}

function parsed(text: string): Message | null {
  try {
    return parseUpstreamMessage(text);
  } catch {
    return null;
  }
}
