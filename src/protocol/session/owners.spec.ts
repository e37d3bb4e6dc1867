import { RELATED_TASK } from '../../kernel/core-tasks.js';
import type { GatewayId } from '../../kernel/ids.js';
import type { Question } from '../client-requests.js';
import { Owners } from './owners.js';

const G = 'g1' as string as GatewayId;
const OF = (taskId: string) => `"_meta":{"${RELATED_TASK}":{"taskId":"${taskId}"}}`;

function made() {
  const said: string[] = [];
  const owners = new Owners(
    null as never,
    { level: () => 'debug' } as never,
    { send: (_to: string, text: string) => said.push(text) > 0, clientOf: () => ({}) } as never,
    { ask: (_whom: unknown, { params }: Question) => said.push(params) } as never,
    { dropped: () => undefined } as never,
    null as never,
  );
  const speak = () => {
    const owner = owners.of('s1', G);
    owner.notification('notifications/message', `"level":"info","data":1,${OF('T')}`);
    owner.ask('elicitation/create', `"message":"?",${OF('T')}`, () => undefined);
    return said.splice(0);
  };
  return { owners, speak };
}

describe('Owners', () => {
  it('names no task that the client does not know', () => {
    const { speak } = made();
    for (const text of speak()) expect(text).not.toContain(RELATED_TASK);
  });

  it('names a task by the id that the client has', () => {
    const { owners, speak } = made();
    owners.shownTasks = (gatewayId, sessionId, params) =>
      params.replace('"T"', `"${gatewayId} ${sessionId}"`);
    const said = speak();
    expect(said).toHaveLength(2);
    for (const text of said) expect(text).toContain(OF('g1 s1'));
  });
});
