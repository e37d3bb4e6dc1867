import { clientAddress } from './client-address.js';

const from = (remoteAddress: string, forwarded?: string) => ({
  headers: {
    ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
    'x-real-ip': '6.6.6.6',
    forwarded: 'for=6.6.6.6',
  },
  socket: { remoteAddress },
});
const proxies = ['127.0.0.0/8', '10.0.0.0/8'];

describe('clientAddress', () => {
  it('believes nobody without trusted proxies', () => {
    expect(clientAddress(from('::ffff:127.0.0.1', '1.2.3.4'), [])).toBe('127.0.0.1');
  });

  it('ignores the header of a peer that is no proxy', () => {
    expect(clientAddress(from('192.0.2.1', '1.2.3.4'), proxies)).toBe('192.0.2.1');
  });

  it('takes the right-most address that no proxy owns, not what the client wrote', () => {
    expect(clientAddress(from('127.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.9'), proxies)).toBe('1.2.3.4');
    expect(clientAddress(from('127.0.0.1', '1.2.3.4:5678'), proxies)).toBe('1.2.3.4');
    expect(clientAddress(from('127.0.0.1', '[2001:db8::1]:99'), proxies)).toBe('2001:db8::1');
  });

  it('stops at what is no address', () => {
    expect(clientAddress(from('127.0.0.1', '1.2.3.4, unknown'), proxies)).toBe('127.0.0.1');
    expect(clientAddress(from('127.0.0.1', '0.0.0.0/0'), proxies)).toBe('127.0.0.1');
    expect(clientAddress(from('127.0.0.1'), proxies)).toBe('127.0.0.1');
  });
});
