import { compileNetworks, limitAddress, normalAddress } from './networks.js';

describe('networks', () => {
  it('contain addresses of their ranges, mapped ones too', () => {
    const networks = compileNetworks(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']);
    expect(networks?.contains('10.1.2.3')).toBe(true);
    expect(networks?.contains('::ffff:10.1.2.3')).toBe(true);
    expect(networks?.contains('2001:db8::1')).toBe(true);
    expect(networks?.contains('192.0.2.7')).toBe(true);
    expect(networks?.contains('192.0.2.8')).toBe(false);
    expect(networks?.contains('nonsense')).toBe(false);
  });

  it('are refused whole when one entry is no range', () => {
    expect(compileNetworks(['10.0.0.0/8', 'intranet'])).toBeUndefined();
    expect(compileNetworks(['10.0.0.0/99'])).toBeUndefined();
  });

  it('write a mapped IPv4 address plainly and drop the zone', () => {
    expect(normalAddress('::ffff:127.0.0.1')).toBe('127.0.0.1');
    expect(normalAddress('fe80::1%eth0')).toBe('fe80::1');
    expect(normalAddress('2001:db8::1')).toBe('2001:db8::1');
  });

  it('limit IPv6 by its /64 and IPv4 by itself', () => {
    expect(limitAddress('2001:db8:1:2:3:4:5:6')).toBe(limitAddress('2001:db8:1:2:ffff::1'));
    expect(limitAddress('2001:db8:1:2::1')).not.toBe(limitAddress('2001:db8:1:3::1'));
    expect(limitAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(limitAddress('10.0.0.1')).toBe('10.0.0.1');
  });
});
