import { GatewayError } from './errors.js';
import { errorHeaders, problemBody } from './problem.js';

describe('errorHeaders', () => {
  it('always say when to come back with 429 and 503, in whole seconds', () => {
    expect(errorHeaders(new GatewayError('draining'))).toEqual({ 'Retry-After': '1' });
    const limited = new GatewayError('rate_limited', { limit: 5 }, { retryAfterSeconds: 11.2 });
    expect(errorHeaders(limited)).toEqual({ 'Retry-After': '12' });
  });

  it('are those of the error else', () => {
    const allowed = new GatewayError(
      'method_not_allowed',
      { allowed: 'GET' },
      { headers: { Allow: 'GET' } },
    );
    expect(errorHeaders(allowed)).toEqual({ Allow: 'GET' });
  });
});

describe('problemBody', () => {
  const error = new GatewayError('host_not_allowed', { host: 'evil.test' });
  const at = (route: string) => problemBody(error, { path: `/gw${route}`, route, requestId: 'r' });

  it('repeats its text as message on routes of gateways, under any root path', () => {
    expect(at('/gateways/x')).toMatchObject({
      status: 421,
      instance: '/gw/gateways/x',
      message: error.message,
    });
    expect(at('/tools')).not.toHaveProperty('message');
    expect(at('/gatewaysx')).not.toHaveProperty('message');
  });

  it('has details besides where a prompt is rendered', () => {
    const both = { message: error.message, details: error.message };
    expect(at('/prompts/x')).toMatchObject(both);
    expect(at('/prompts/x/render')).toMatchObject(both);
    expect(at('/prompts/x/toggle')).not.toHaveProperty('message');
  });
});
