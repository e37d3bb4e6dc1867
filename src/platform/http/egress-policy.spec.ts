import { loadConfig } from '../../config/load-config.js';
import { EgressPolicy } from './egress-policy.js';

const STRONG = 'k7Qm2ZrV9xLw4TyB8nHs6JdF1pGc3EaU';
const policyOf = (env: NodeJS.ProcessEnv = {}): EgressPolicy =>
  new EgressPolicy(loadConfig(env, { cwd: __dirname }));
const production = (env: NodeJS.ProcessEnv = {}): EgressPolicy =>
  policyOf({
    ENVIRONMENT: 'production',
    JWT_SECRET_KEY: STRONG,
    AUTH_ENCRYPTION_SECRET: STRONG,
    ...env,
  });

const blocks = (policy: EgressPolicy, url: string): boolean => {
  try {
    policy.checkUrl(new URL(url));
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'egress_blocked' });
    return true;
  }
};

// prettier-ignore
const INTERNAL = [
  '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '127.255.255.254', '１２７.0.0.1',
  '127。0。0。1', 'localhost', 'LOCALHOST', 'localhost.', 'app.localhost', '10.0.0.1', '172.16.0.1',
  '192.168.1.1', '100.64.0.1', '192.0.2.1', '198.18.0.1', '240.0.0.1', '[::1]', '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::7f00:1]', '[::8.8.8.8]',
  '[64:ff9b::7f00:1]', '[64:ff9b::808:808]', '[64:ff9b:1::7f00:1]', '[2002:7f00:1::]',
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]', '[fec0::1]', '[fd00::1]', '[2001:db8::1]',
];

// prettier-ignore
const METADATA = [
  '169.254.169.254', '169.254.170.2', '[fd00:ec2::254]', '192.0.0.192', '100.100.100.200',
  '168.63.129.16', '[::ffff:169.254.169.254]', '[::ffff:100.100.100.200]', '[64:ff9b::a9fe:a9fe]',
  '[::169.254.169.254]', '[2002:a9fe:a9fe::]', '[64:ff9b:1::a83f:8110]', '2852039166', '[fe80::1]',
  '169.254.1.1', '0.0.0.0', '0', '[::]', '[::ffff:0:0]', '255.255.255.255', '224.0.0.1', '[ff02::1]',
];

describe('production', () => {
  it.each(INTERNAL)('blocks %s', (host) => {
    expect(blocks(production(), `http://${host}:8000/mcp`)).toBe(true);
  });

  it.each(['8.8.8.8', '1.1.1.1', '[2606:4700::1111]', 'example.com', '[::ffff:8.8.8.8]'])(
    'lets %s through',
    (host) => {
      expect(blocks(production(), `https://${host}/mcp`)).toBe(false);
    },
  );

  it('opens exactly the listed range', () => {
    const policy = production({ SSRF_ALLOWED_NETWORKS: '127.0.0.1/32,10.1.0.0/16,fd12::1' });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '10.1.2.3', '[fd12::1]']) {
      expect(blocks(policy, `http://${host}:8000/`)).toBe(false);
    }
    for (const host of ['127.0.0.2', '10.2.0.1', '[::1]', '[fd12::2]', '[::127.0.0.1]']) {
      expect(blocks(policy, `http://${host}:8000/`)).toBe(true);
    }
  });
});

describe('development', () => {
  it('lets this machine and private networks through', () => {
    for (const host of ['127.0.0.1', '[::1]', 'localhost', '10.0.0.1', '[fd00::1]', '100.64.0.1']) {
      expect(blocks(policyOf(), `http://${host}:8000/`)).toBe(false);
    }
  });

  it('still blocks what only a translator would reach', () => {
    expect(blocks(policyOf(), 'http://[64:ff9b::7f00:1]:8000/')).toBe(true);
    expect(blocks(policyOf(), 'http://[::127.0.0.1]:8000/')).toBe(true);
  });
});

describe.each([
  ['development', () => policyOf({ SSRF_ALLOWED_NETWORKS: '0.0.0.0/0,::/0' })],
  ['production', () => production({ SSRF_ALLOWED_NETWORKS: '0.0.0.0/0,::/0' })],
  ['no protection', () => policyOf({ SSRF_PROTECTION_ENABLED: 'false' })],
])('metadata in %s', (_, make) => {
  it.each(METADATA)('blocks %s although everything is allowed', (host) => {
    expect(blocks(make(), `http://${host}/latest`)).toBe(true);
  });
});

it('blocks other schemes, user info and ports of other services', () => {
  for (const url of [
    'ftp://example.com/',
    'file:///etc/passwd',
    'http://ok@example.com/',
    'http://u:p@example.com/',
    'http://example.com:6379/',
    'http://127.0.0.1:22/',
  ]) {
    expect(blocks(policyOf(), url)).toBe(true);
  }
});

it('never lets the gateway call itself', () => {
  const policy = policyOf({ PORT: '4444' });
  expect(blocks(policy, 'http://127.0.0.1:4444/mcp')).toBe(true);
  expect(blocks(policy, 'http://localhost:4444/mcp')).toBe(true);
  expect(blocks(policy, 'http://127.0.0.1:4445/mcp')).toBe(false);
  policy.listensOn(5000);
  expect(blocks(policy, 'http://127.0.0.1:5000/mcp')).toBe(true);
  expect(blocks(policyOf({ HOST: '0.0.0.0' }), 'http://[::1]:4444/mcp')).toBe(true);
});

it('blocks what is no address', () => {
  expect(() => {
    policyOf().check('');
  }).toThrow('is not allowed');
});
