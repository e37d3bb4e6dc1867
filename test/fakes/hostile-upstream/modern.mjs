/** What the kit does as a server of 2026-07-28: no sessions, a claim and mirrored headers per request. */
const REVISION = '2026-07-28';
const META = 'io.modelcontextprotocol/';
const NAMED = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri' };
const KIND_OF = {
  'notifications/tools/list_changed': 'toolsListChanged',
  'notifications/prompts/list_changed': 'promptsListChanged',
  'notifications/resources/list_changed': 'resourcesListChanged',
};

/** The first rung of the ladder that a request fails, or null. */
export function faultOf(server, headers, message) {
  const meta = message.params?._meta ?? {};
  const claimed = meta[`${META}protocolVersion`];
  if (claimed === undefined || meta[`${META}clientCapabilities`] === undefined)
    return { status: 400, code: -32602, text: 'no claim' };
  if (claimed !== REVISION)
    return { status: 400, code: -32022, text: 'unsupported', data: { supported: [REVISION] } };
  const name = message.params[NAMED[message.method]];
  const isTold =
    headers['mcp-protocol-version'] === claimed &&
    headers['mcp-method'] === message.method &&
    (name === undefined || headers['mcp-name'] === name) &&
    headers['mcp-session-id'] === undefined;
  if (!isTold || (message.method === 'tools/call' && server.modern.refuseHeaders-- > 0))
    return { status: 400, code: -32020, text: 'the head is not that of the body' };
  if (['initialize', 'ping', 'logging/setLevel', 'resources/subscribe'].includes(message.method))
    return { status: 404, code: -32601, text: 'Method not found' };
  return null;
}

function asks(filter, { method, params }) {
  if (method === 'notifications/resources/updated')
    return filter.resourceSubscriptions?.includes(params.uri) === true;
  if (method === 'notifications/tasks') return filter.taskIds?.includes(params.taskId) === true;
  return filter[KIND_OF[method]] === true;
}

function listen(call, { notifications }) {
  const { id, world } = call;
  let filter = notifications;
  const tag = { [`${META}subscriptionId`]: id };
  const tell = ({ method, params = {} }) =>
    call.notify(method, { ...params, _meta: { ...params._meta, ...tag } });
  const entry = {
    send: (message) => asks(filter, message) && tell(message),
    end: () => call.result({ _meta: tag }),
  };
  if (world.modern.tellsNoTasks) filter = { ...filter, taskIds: undefined };
  world.listens.add(entry);
  call.onCancel = () => world.listens.delete(entry);
  call.out.onEnd?.(() => world.listens.delete(entry));
  world.journal.write({ event: 'subscribed', filter });
  tell({
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: filter },
  });
}

export const MODERN_METHODS = {
  'server/discover'(call) {
    call.result({
      supportedVersions: [REVISION],
      capabilities: {
        ...call.world.capabilities,
        ...(call.world.hasTasks && { extensions: { [`${META}tasks`]: {} } }),
      },
      instructions: 'Test kit.',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [`${META}serverInfo`]: { name: 'hostile-upstream', version: '1.0.0' } },
    });
  },
  'subscriptions/listen': listen,
  'resources/read'(call, { uri }) {
    if (uri === 'test://items/none') return call.error(-32602, 'Resource not found', { uri });
    const contents = [{ uri, mimeType: 'text/plain', text: `content of ${uri}` }];
    call.result({ contents, ttlMs: 5000, cacheScope: 'public' });
  },
};
