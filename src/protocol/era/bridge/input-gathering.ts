import { randomUUID } from 'node:crypto';
import type { Call } from '../../../kernel/call.js';
import { GatewayError } from '../../../kernel/errors.js';
import { RELAYED, scanJson } from '../../../kernel/json-scan.js';
import type { ClientRequests } from '../../client-requests.js';
import { missingFor } from './declared.js';
import type { InputRequest } from './input-required.js';
import { UnansweredError } from './unanswered.js';

const ACCEPTED = '{"action":"accept"}';
const CANCELLED = '{"action":"cancel"}';

/** Asks one legacy client what a modern upstream wants to know, and keeps what it was shown. */
export class InputGathering {
  /** Pages that the client has opened: `accept` says that, not that it is done with them. */
  private readonly opened = new Set<string>();

  constructor(
    private readonly call: Call,
    private readonly clientRequests: ClientRequests,
  ) {}

  /** Whether all that is asked are pages the client has opened already. */
  hasOpenedAll(requests: readonly InputRequest[]): boolean {
    return requests.every((request) => this.opened.has(pageOf(request) ?? ''));
  }

  /**
   * Asks all at once; the first failure withdraws the others.
   * @returns `inputResponses` as JSON text
   * @throws UnansweredError · GatewayError `cancelled`
   */
  answers(requests: readonly InputRequest[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const answers = new Map<string, string>();
      const withdrawals: (() => void)[] = [];
      let isOpen = true;
      const fail = (error: Error): void => {
        if (!isOpen) return;
        isOpen = false;
        for (const withdraw of withdrawals) withdraw();
        reject(error);
      };
      const take = (key: string, answer: string): void => {
        answers.set(key, answer);
        if (isOpen && answers.size === requests.length) resolve(asObject(requests, answers));
      };
      this.call.abort.onAbort(() => {
        fail(new GatewayError('cancelled'));
      });
      for (const request of requests) {
        if (!(isOpen as boolean)) return;
        const refused = this.refusalOf(request);
        if (refused === null) withdrawals.push(this.ask(request, take, fail));
        else fail(refused);
      }
    });
  }

  private refusalOf({ method, params }: InputRequest): UnansweredError | null {
    const page = pageOf({ method, params });
    const { client, channel } = this.call;
    const missing = channel.canAsk ? missingFor(client.capabilities, method, params) : 'a way back';
    if (page !== null && (missing !== null || client.revision !== '2025-11-25'))
      return new UnansweredError(`Open this page, then try again: ${page}`);
    return missing === null
      ? null
      : new UnansweredError(`Upstream asked '${method}' of a client that lacks ${missing}`);
  }

  private ask(
    request: InputRequest,
    take: (key: string, answer: string) => void,
    fail: (error: Error) => void,
  ): () => void {
    const { key, method, params } = request;
    const page = pageOf(request);
    if (page !== null && this.opened.has(page)) {
      take(key, ACCEPTED);
      return () => undefined;
    }
    const asked = page === null ? params : `${params},"elicitationId":"${randomUUID()}"`;
    const answer = (reply: string): void => {
      const { top, nested } = scanJson(`{${reply}}`, { ...RELAYED, nested: ['result', 'error'] });
      const result = top.raw('result');
      if (result !== undefined) {
        if (page !== null && nested['result']?.string('action') === 'accept') this.opened.add(page);
        take(key, result);
      } else if (method === 'elicitation/create') take(key, CANCELLED);
      else
        fail(
          new UnansweredError(
            `The client answered '${method}' with an error: ${nested['error']?.string('message') ?? ''}`,
          ),
        );
    };
    return this.clientRequests.ask(this.call, { method, params: asked, answer });
  }
}

/** The URL that a question wants opened; `null` for every other question. */
function pageOf({ method, params }: Pick<InputRequest, 'method' | 'params'>): string | null {
  if (method !== 'elicitation/create') return null;
  const { top } = scanJson(`{${params}}`, RELAYED);
  return top.string('mode') === 'url' ? (top.string('url') ?? '') : null;
}

function asObject(requests: readonly InputRequest[], answers: ReadonlyMap<string, string>): string {
  const inside = requests.map(({ key }) => `${JSON.stringify(key)}:${answers.get(key) ?? ''}`);
  return `{${inside.join(',')}}`;
}
