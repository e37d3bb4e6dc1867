import { CLIENT_IDS, type ClientId, isClientId } from '../../kernel/connect/clients.js';
import { Query } from '../query.js';

/** `?client=`, which has no default: a file of the wrong program helps nobody. @throws GatewayError `validation_failed` */
export function readClient(parameters: Readonly<Record<string, unknown>>): ClientId {
  const query = new Query(parameters);
  const client = query.text('client') ?? '';
  if (isClientId(client)) return client;
  query.fault('client', `Input should be one of: ${CLIENT_IDS.join(', ')}`, 'enum');
  query.check();
  throw new TypeError('unreachable: the fault above is thrown');
}
