import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import type { AuditMetadata, Gateway } from '../kernel/catalog.js';
import { GatewayError } from '../kernel/errors.js';
import type { GatewayId } from '../kernel/ids.js';
import { isDisplayName, slugify } from '../kernel/names.js';
import { openingUrl } from '../kernel/web-socket-url.js';
import { EgressPolicy } from '../platform/http/egress-policy.js';
import { envFault, isCommandAllowed } from './command-rules.js';
import type { GatewayFields, GatewayPatch, NewGateway } from './discovered.js';
import { Faults } from './faults.js';
import { mergeAuth, type StoredAuth } from './gateway-auth.js';
import { plainFields } from './gateway-fields.js';
import { GatewaySecrets } from './gateway-secrets.service.js';
import { KEPT } from './kept.js';

const URL_SCHEMES = ['http:', 'https:'];
const SOCKET_SCHEMES = ['ws:', 'wss:', ...URL_SCHEMES];

/** What a Gateway may be: fields, address, command, credential. */
@Injectable()
export class GatewayRules {
  constructor(
    private readonly config: Config,
    private readonly egress: EgressPolicy,
    private readonly secrets: GatewaySecrets,
  ) {}

  /** A whole new record, with state `pending`. @throws GatewayError see `GatewaysService.draft` */
  draft(input: NewGateway, stamp: AuditMetadata): Gateway {
    const enabled = input.enabled ?? true;
    const blank: Gateway = {
      ...stamp,
      ...BLANK,
      id: input.id ?? (randomUUID() as GatewayId),
      name: input.name,
      slug: '',
      enabled,
      status: enabled ? 'pending' : 'disabled',
      federationSource: null,
    };
    return this.checked(blank, input, null, input.trusted === true);
  }

  /** A record after a request. @throws GatewayError see `GatewaysService.update` */
  merge(before: Gateway, patch: GatewayPatch): Gateway {
    return this.checked(before, patch, before, false);
  }

  private checked(
    base: Gateway,
    input: GatewayPatch,
    before: Gateway | null,
    isTrusted: boolean,
  ): Gateway {
    const faults = new Faults();
    const name = input.name?.trim() ?? base.name;
    // Always `-`, whatever joins the parts of tool names: slugs stand in URLs and metrics.
    const slug = slugify(name, '-');
    faults.check(
      isDisplayName(name),
      '/name',
      'must be 1 to 255 characters without < > or controls',
    );
    faults.check(slug !== '', '/name', 'must hold a letter a-z or a digit');
    const merged: Gateway = { ...base, ...plainFields(base, input, faults), name, slug };
    const placed = merged.transport === 'STDIO' ? withoutUrl(merged) : withoutCommand(merged);
    if (placed.transport === 'STDIO') this.checkCommand(placed, before, isTrusted, faults);
    else this.checkUrl(placed, faults);
    const env = this.envSealed(placed, input, before, faults);
    const auth = this.auth(placed, input, before, faults);
    const made = { ...placed, ...env, ...auth };
    const isPersonal = made.loginPerUser && made.transport === 'STDIO';
    faults.check(!isPersonal, '/oauthConfig/perUser', 'needs a gateway with a url');
    faults.throwIfAny();
    return made;
  }

  private checkUrl(gateway: Gateway, faults: Faults): void {
    const url = parseUrl(gateway.url ?? '');
    const schemes = gateway.transport === 'WEBSOCKET' ? SOCKET_SCHEMES : URL_SCHEMES;
    if (!url || !schemes.includes(url.protocol)) {
      const shown = schemes.map((scheme) => `${scheme}//`).join(', ');
      faults.add('/url', `Gateway URL must start with one of: ${shown}`);
      return;
    }
    faults.check(
      url.username === '' && url.password === '',
      '/url',
      'must not hold a user or password',
    );
    this.egress.checkUrl(openingUrl(url));
  }

  /** @throws GatewayError `feature_disabled`, `command_not_allowed` */
  private checkCommand(
    gateway: Gateway,
    before: Gateway | null,
    isTrusted: boolean,
    faults: Faults,
  ): void {
    const { command, args } = gateway;
    if (command === null || command === '' || command.includes('\0')) {
      faults.add('/command', 'is required for STDIO');
      return;
    }
    faults.check(
      args.length <= 64 && args.every((arg) => arg.length <= 8192 && !arg.includes('\0')),
      '/args',
      'must be at most 64 arguments of 8192 characters, without NUL',
    );
    faults.check(gateway.cwd === null || gateway.cwd.startsWith('/'), '/cwd', 'must be absolute');
    if (isTrusted || (before && isSameCommand(before, gateway))) return;
    this.requireAllowed(command, args);
  }

  /** @throws GatewayError `feature_disabled`, `command_not_allowed` */
  private requireAllowed(command: string, args: readonly string[]): void {
    if (!this.config.stdioUpstreamsEnabled)
      throw new GatewayError('feature_disabled', {
        feature: 'Starting processes as gateways',
        setting: 'STDIO_UPSTREAMS_ENABLED',
      });
    if (!isCommandAllowed(command, args, this.config.stdioAllowedCommands))
      throw new GatewayError('command_not_allowed', {
        command: [command, ...args].join(' '),
        setting: 'STDIO_ALLOWED_COMMANDS',
      });
  }

  private envSealed(
    gateway: Gateway,
    input: GatewayFields,
    before: Gateway | null,
    faults: Faults,
  ): Partial<Gateway> {
    if (input.env === undefined) return {};
    const old = before && before.command === gateway.command ? this.secrets.env(before) : {};
    const env: Record<string, string> = {};
    for (const [name, sent] of Object.entries(input.env ?? {})) {
      const value = sent === KEPT ? old[name] : sent;
      if (value === undefined) throw new GatewayError('secret_required', { field: `env.${name}` });
      const fault = envFault(name, value);
      if (fault) faults.add(`/env/${name}`, fault);
      else env[name] = value;
    }
    faults.check(Object.keys(env).length <= 100, '/env', 'must be at most 100 variables');
    return { envSealed: this.secrets.sealEnv(gateway.id, env) };
  }

  private auth(
    gateway: Gateway,
    input: GatewayFields,
    before: Gateway | null,
    faults: Faults,
  ): Partial<Gateway> {
    const stored: StoredAuth = {
      type: before?.authType ?? 'none',
      secrets: this.readable(before),
    };
    const isSameOrigin = originOf(before?.url ?? null) === originOf(gateway.url);
    const merged = mergeAuth(input, stored, isSameOrigin, faults);
    if (!merged) return {};
    return {
      authType: merged.type,
      authSealed: merged.type === 'none' ? null : this.secrets.sealAuth(gateway.id, merged.secrets),
      loginPerUser: merged.secrets.oauth?.perUser === true,
    };
  }

  /** A seal that cannot be opened any more must not keep its owner from typing a new secret. */
  private readable(before: Gateway | null): StoredAuth['secrets'] {
    if (!before) return {};
    try {
      return this.secrets.auth(before);
    } catch (e) {
      if (e instanceof GatewayError) return {};
      throw e;
    }
  }
}

const BLANK = {
  tags: [],
  meta: {},
  url: null,
  description: null,
  transport: 'AUTO',
  command: null,
  args: [],
  envSealed: null,
  cwd: null,
  authType: 'none',
  authSealed: null,
  loginSealed: null,
  needsLogin: false,
  loginPerUser: false,
  nameMode: 'prefixed',
  sessionMode: 'auto',
  asksClient: false,
  refreshIntervalSeconds: null,
  timeoutMs: null,
  maxDurationMs: null,
  connectTimeoutMs: null,
  initTimeoutMs: null,
  maxConcurrency: 0,
  capabilities: {},
  serverInfo: null,
  instructions: null,
  protocolVersion: null,
  era: null,
  eraAt: null,
  reachable: false,
  statusMessage: null,
  lastError: null,
  lastSeen: null,
  lastRefreshAt: null,
  skippedItems: [],
  listHints: null,
} as const satisfies Partial<Gateway>;

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) && text.length <= 2048 ? new URL(text) : undefined;
}

function originOf(url: string | null): string | null {
  return url === null ? null : (parseUrl(url)?.origin ?? null);
}

function isSameCommand(a: Gateway, b: Gateway): boolean {
  return a.command === b.command && a.cwd === b.cwd && a.args.join('\0') === b.args.join('\0');
}

function withoutUrl(gateway: Gateway): Gateway {
  return { ...gateway, url: null };
}

function withoutCommand(gateway: Gateway): Gateway {
  return { ...gateway, command: null, args: [], cwd: null };
}
