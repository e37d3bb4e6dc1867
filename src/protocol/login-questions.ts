import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Call } from '../kernel/call.js';
import type { Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import { failedTool } from '../kernel/own-result.js';
import { scanJson } from '../kernel/json-scan.js';
import { UpstreamRpcError, notificationText } from '../kernel/jsonrpc.js';
import { LATEST_LEGACY, RPC_CODE } from '../kernel/mcp.js';
import { Logins, type PersonChange } from '../upstreams/oauth/logins.service.js';
import { missingFor } from './era/bridge/declared.js';
import { inputRequiredText } from './era/bridge/question.js';
import { MAY_ASK } from './era/bridge/state-relay.js';
import { StateSeals } from './era/bridge/state-seals.js';
import { OwnResults } from './era/own-results.js';
import type { Upward } from './legs.js';
import { Listeners } from './listeners.js';

/** A legacy session that was asked to open the page. */
interface Asked {
  readonly sessionId: string;
  readonly elicitationId: string;
  readonly login: string;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

const KEY = 'login';
/** For so long somebody may be at the page; as long as its link is good. */
const LOGIN_MS = 600_000;
/** An `accept` says that the page was opened: so long the retry waits for the login, then it asks again. */
const RETRY_MS = 30_000;
const MAX_ASKED = 10_000;

/**
 * Calls of persons who have to log in to an upstream first: their clients are asked to open our page, or
 * are told where it is (PROTOCOL.md §7.4, 26 Elicitation §URL Mode).
 */
@Injectable()
export class LoginQuestions implements OnModuleInit, OnModuleDestroy {
  /** By session and login, the one asked last at the end. */
  private readonly asked = new Map<string, Asked>();
  private readonly waiting = new Map<string, Set<() => void>>();
  private stop: () => void = () => undefined;

  constructor(
    private readonly logins: Logins,
    private readonly states: StateSeals,
    private readonly own: OwnResults,
    private readonly listeners: Listeners,
  ) {}

  onModuleInit(): void {
    const changed: PersonChange = (id, holder, isIn) => {
      if (isIn) this.completed(keyOf(id, holder));
    };
    this.stop = this.logins.onChange(changed);
  }

  onModuleDestroy(): void {
    this.stop();
    for (const wake of [...this.waiting.values()].flatMap((all) => [...all])) wake();
  }

  isFor(error: unknown): error is GatewayError<'login_needed'> {
    return error instanceof GatewayError && error.code === 'login_needed';
  }

  /**
   * The answer to a call whose person has to log in: a question, or a failed tool that names the page.
   * @param again sends the call of a modern client once more
   * @throws UpstreamRpcError `-32042` for clients of 2025-11-25 · the error itself, where nothing else is
   *   left
   */
  async answer(
    call: Call,
    up: Upward,
    error: GatewayError<'login_needed'>,
    again: () => Promise<string>,
  ): Promise<string> {
    if (call.client.era === 'legacy') return this.demand(call, up.gateway, error);
    if (!MAY_ASK.has(call.message.method) || !opensPages(call.client.capabilities))
      return this.told(call, error);
    const action = this.actionOf(call, up);
    if (action !== undefined && action !== 'accept') return this.told(call, error);
    if (action === 'accept' && (await this.comes(call, up)))
      return again().catch((e: unknown) => {
        if (this.isFor(e)) return this.ask(call, up, e);
        throw e;
      });
    return this.ask(call, up, error);
  }

  private ask(call: Call, up: Upward, error: GatewayError): string {
    const params = { mode: 'url', message: messageFor(up.gateway), url: urlIn(error) };
    const request = JSON.stringify({ method: 'elicitation/create', params });
    const state = this.states.seal(call, up.name, { kind: 'login' });
    return inputRequiredText([[KEY, request]], state);
  }

  /**
   * As `answer`, for a legacy client.
   * @throws UpstreamRpcError `-32042` · the error itself
   */
  demand(call: Call, gateway: Gateway, error: GatewayError): string {
    const { revision, sessionId, capabilities, declared = capabilities } = call.client;
    if (revision !== LATEST_LEGACY || sessionId === null || !opensPages(declared))
      return this.told(call, error);
    const elicitationId = this.remember(sessionId, keyOf(gateway.id, call.caller.principalHash));
    const elicitation = {
      mode: 'url',
      elicitationId,
      url: urlIn(error),
      message: messageFor(gateway),
    };
    const code = RPC_CODE.urlElicitationRequired;
    const body = { code, message: messageFor(gateway), data: { elicitations: [elicitation] } };
    throw new UpstreamRpcError(JSON.stringify(body), code);
  }

  /** What the client says became of our question; `undefined` when that is not what it was asked. */
  private actionOf(call: Call, { name }: Upward): unknown {
    const { params } = call.message;
    const raw = params?.raw('inputResponses');
    const sealed = params?.string('requestState');
    if (raw?.startsWith('{') !== true || sealed === undefined) return undefined;
    if (this.states.open(call, name, sealed).kind !== 'login') return undefined;
    const answer: unknown = JSON.parse(scanJson(raw).top.raw(KEY) ?? 'null');
    return (answer as { action?: unknown } | null)?.action;
  }

  /** A client that opens no pages shows its person what a tool says. */
  private told(call: Call, error: GatewayError): string {
    if (call.message.method !== 'tools/call') throw error;
    return this.own.dress(call, failedTool(error.message));
  }

  /** One question for all calls of a session, which is asked again. @returns its id */
  private remember(sessionId: string, login: string): string {
    const key = `${sessionId} ${login}`;
    const now = performance.now();
    const before = this.asked.get(key);
    const isOpen = before !== undefined && before.until > now;
    const elicitationId = isOpen ? before.elicitationId : randomUUID();
    this.asked.delete(key);
    for (const [old, { until }] of this.asked) {
      if (until > now && this.asked.size < MAX_ASKED) break;
      this.asked.delete(old);
    }
    this.asked.set(key, { sessionId, elicitationId, login, until: now + LOGIN_MS });
    return elicitationId;
  }

  private completed(login: string): void {
    for (const wake of this.waiting.get(login) ?? []) wake();
    const now = performance.now();
    for (const [key, one] of this.asked) {
      if (one.login !== login) continue;
      this.asked.delete(key);
      if (one.until < now) continue;
      const params = `"elicitationId":"${one.elicitationId}"`;
      this.listeners.send(
        one.sessionId,
        notificationText('notifications/elicitation/complete', params),
      );
    }
  }

  /** @returns whether the person has logged in meanwhile */
  private comes(call: Call, up: Upward): Promise<boolean> {
    const login = keyOf(up.gateway.id, call.caller.principalHash);
    const all = this.waiting.get(login) ?? new Set();
    this.waiting.set(login, all);
    return new Promise((resolve) => {
      const end = (isIn: boolean): void => {
        clearTimeout(timer);
        all.delete(wake);
        if (all.size === 0) this.waiting.delete(login);
        resolve(isIn);
      };
      const wake = (): void => {
        end(true);
      };
      const timer = setTimeout(end, RETRY_MS, false);
      all.add(wake);
      call.abort.onAbort(() => {
        end(false);
      });
    });
  }
}

const keyOf = (gatewayId: string, holder: string): string => `${gatewayId} ${holder}`;

const messageFor = ({ slug }: Gateway): string =>
  `Log in to ${slug}, so that your calls can reach it.`;

const urlIn = (error: GatewayError): string => String(error.extras.data?.['loginUrl']);

const opensPages = (capabilities: string): boolean =>
  missingFor(capabilities, 'elicitation/create', '"mode":"url"') === null;
