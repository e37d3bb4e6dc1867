import { aGateway } from '../../test/builders/catalog.js';
import { cancelsTasks, offersTasks, runsOnlyAsTask, takesTasks } from './core-tasks.js';

const TASKS = { requests: { tools: { call: {} } } };
const able = aGateway({ capabilities: { tasks: TASKS } });
const required = '{"name":"t","execution":{"taskSupport":"required"}}';

describe('takesTasks', () => {
  it('is for upstreams of the one revision that say so of tool calls', () => {
    expect(takesTasks(able)).toBe(true);
    expect(takesTasks(aGateway({ capabilities: { tasks: { list: {} } } }))).toBe(false);
    expect(takesTasks(aGateway({ capabilities: { tasks: [] } }))).toBe(false);
    expect(takesTasks(aGateway({ capabilities: { tasks: TASKS }, era: 'modern' }))).toBe(false);
    const older = aGateway({ capabilities: { tasks: TASKS }, protocolVersion: '2025-06-18' });
    expect(takesTasks(older)).toBe(false);
  });
});

describe('offersTasks', () => {
  it('is not for upstreams that have a session for each request', () => {
    expect(offersTasks(able)).toBe(true);
    expect(offersTasks({ ...able, sessionMode: 'per-request' })).toBe(false);
  });
});

describe('cancelsTasks', () => {
  it('is for upstreams that say so', () => {
    expect(cancelsTasks(able)).toBe(false);
    expect(cancelsTasks(aGateway({ capabilities: { tasks: { cancel: {} } } }))).toBe(true);
  });
});

describe('runsOnlyAsTask', () => {
  it('is what the tool says where its upstream runs tasks', () => {
    expect(runsOnlyAsTask(required, able)).toBe(true);
    expect(runsOnlyAsTask(required, aGateway())).toBe(false);
    for (const other of [
      '{"execution":{"taskSupport":"optional"}}',
      '{"execution":{}}',
      '{"description":"\\"taskSupport\\":\\"required\\""}',
      '{"inputSchema":{"properties":{"taskSupport":{}}}}',
    ])
      expect(runsOnlyAsTask(other, able)).toBe(false);
  });
});
