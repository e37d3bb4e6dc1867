import { aGateway } from '../../../test/builders/catalog.js';
import { offeredTo } from './offered.js';

const requests = { tools: { call: {} } };

describe('offeredTo', () => {
  it('offers core tasks where client and an upstream have them, and never their list', () => {
    const tasks = { requests, list: {}, cancel: {} };
    const gateways = [aGateway(), aGateway({ capabilities: { tasks } })];
    expect(offeredTo('2025-11-25', gateways)).toMatchObject({ tasks: { requests, cancel: {} } });
    expect(offeredTo('2025-11-25', gateways)).not.toHaveProperty('tasks.list');
    for (const revision of ['2025-06-18', '2026-07-28'] as const)
      expect(offeredTo(revision, gateways)).not.toHaveProperty('tasks');
    expect(offeredTo('2025-11-25', [aGateway()])).not.toHaveProperty('tasks');
    const brief = aGateway({ capabilities: { tasks }, sessionMode: 'per-request' });
    expect(offeredTo('2025-11-25', [brief])).not.toHaveProperty('tasks');
  });

  it('offers to cancel where an upstream does', () => {
    const gateways = [aGateway({ capabilities: { tasks: { requests } } })];
    expect(offeredTo('2025-11-25', gateways)).toHaveProperty('tasks', { requests });
  });
});
