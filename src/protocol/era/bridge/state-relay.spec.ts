import { aModernCall } from '../../../../test/builders/call.js';
import { aGateway } from '../../../../test/builders/catalog.js';
import { aWayUp } from '../../../../test/fakes/upstream-driver.js';
import { UpstreamRpcError } from '../../../kernel/jsonrpc.js';
import { ModernClients } from './modern-clients.js';
import { Parks } from './parks.js';
import { StateSeals } from './state-seals.js';
import { TaskSeals } from './task-seals.js';

const FORM =
  '{"method":"elicitation/create","params":{"message":"m","requestedSchema":{}, "n":1.0}}';
const asks = (more: string) =>
  `{"resultType":"input_required","inputRequests":{"user_name":${FORM}}${more},"_meta":{"x":1}}`;
const RESPONSES = { user_name: { action: 'cancel' } };

function made() {
  const way = aWayUp();
  const seals = new StateSeals(way.sealer);
  const clients = new ModernClients(
    way.legs,
    seals,
    new TaskSeals(way.sealer),
    new Parks(way.config, way.meters),
    way.meters,
  );
  const up = { gateway: aGateway(), kind: 'Tool', name: 'ask', params: '"name":"ask"' } as const;
  const call = (
    inputs: unknown = {},
    capabilities: unknown = { elicitation: {} },
    method = 'tools/call',
  ) => aModernCall(method, { name: 'ask', ...(inputs as object) }, capabilities);
  return { ...way, clients, up, call };
}

describe('a modern upstream that asks a modern client', () => {
  it('is heard word for word, its state sealed and given back to the byte', async () => {
    const { clients, up, call, driver } = made();
    const reply = clients.send(call(), up);
    (await driver.next()).answer(asks(',"requestState":"s\\u0031\\/é"'), 'modern');
    const { result, era } = await reply;
    expect(era).toBe('modern');
    expect(result).toContain(`"inputRequests":{"user_name":${FORM}}`);
    expect(result).toContain('"_meta":{"x":1}');
    const { requestState } = JSON.parse(result) as { requestState: string };
    expect(requestState.length).toBeGreaterThan(100);
    const second = clients.send(call({ inputResponses: RESPONSES, requestState }), up);
    const leg = await driver.next();
    expect(leg.request.params).toBe(
      `"name":"ask","inputResponses":${JSON.stringify(RESPONSES)},"requestState":"s\\u0031\\/é"`,
    );
    leg.answer('{"resultType":"complete"}', 'modern');
    expect((await second).result).toBe('{"resultType":"complete"}');
  });

  it('gets no state it did not give', async () => {
    const { clients, up, call, driver } = made();
    const reply = clients.send(call(), up);
    (await driver.next()).answer(asks(''), 'modern');
    expect((await reply).result).toBe(asks(''));
  });

  it('gets its state back alone: another Gateway behind the same name does not', async () => {
    const { clients, up, call, driver } = made();
    const reply = clients.send(call(), up);
    (await driver.next()).answer(asks(',"requestState":"s"'), 'modern');
    const { requestState } = JSON.parse((await reply).result) as { requestState: string };
    const other = { ...up, gateway: aGateway({ name: 'other' }) };
    const retry = async () => clients.send(call({ requestState }), other);
    await expect(retry()).rejects.toMatchObject({ code: 'request_state_invalid' });
    expect(driver.legs).toHaveLength(1);
  });

  it.each([
    ['a client that offered something else', { sampling: {} }, 'tools/call'],
    ['a client that offered nothing', {}, 'tools/call'],
    ['a method that cannot be asked on', { elicitation: {} }, 'completion/complete'],
  ])('is at fault when it asks %s', async (_who, capabilities, method) => {
    const { clients, up, call, driver } = made();
    const reply = clients.send(call({}, capabilities, method), up);
    (await driver.next()).answer(asks(''), 'modern');
    await expect(reply).rejects.toMatchObject({
      code: 'unanswerable',
      row: { rpc: -32603, fault: 'upstream' },
    });
  });
});

describe('a legacy upstream that wants pages opened first', () => {
  const demand = (elicitations: unknown) =>
    new UpstreamRpcError(
      JSON.stringify({ code: -32042, message: 'open', data: { elicitations } }),
      -32042,
    );
  const page = { mode: 'url', elicitationId: 'x', url: 'https://a.example', message: 'Log in' };

  it('has its pages asked for, and the call sent anew', async () => {
    const { clients, up, call, driver } = made();
    const can = { elicitation: { url: {} } };
    const reply = clients.send(call({}, can), up);
    (await driver.next()).fail(demand([page]));
    const { inputRequests, requestState } = JSON.parse((await reply).result) as Record<
      string,
      never
    >;
    expect(inputRequests).toEqual({
      e1: {
        method: 'elicitation/create',
        params: { mode: 'url', message: 'Log in', url: 'https://a.example' },
      },
    });
    const inputResponses = { e1: { action: 'accept' } };
    const second = clients.send(call({ inputResponses, requestState }, can), up);
    const leg = await driver.next();
    expect(leg.request.params).toBe('"name":"ask"');
    leg.answer('{"ok":true}');
    expect((await second).result).toBe('{"ok":true}');
  });

  it.each([[{}], [{ elicitation: {} }]])(
    'needs a client that opens pages: %j',
    async (capabilities) => {
      const { clients, up, call, driver } = made();
      const reply = clients.send(call({}, capabilities), up);
      (await driver.next()).fail(demand([page]));
      await expect(reply).rejects.toMatchObject({
        code: 'missing_client_capability',
        extras: { data: { requiredCapabilities: { elicitation: { url: {} } } } },
      });
    },
  );
});
