import type { CallId } from './ids.js';

export const ROLES = ['admin', 'operator', 'viewer', 'peer'] as const;
export type Role = (typeof ROLES)[number];

const KINDS = ['tools', 'resources', 'prompts', 'servers', 'gateways'] as const;
/** The five kinds of entity that share routes and conventions (API.md §2.1). */
export type Kind = (typeof KINDS)[number];

/** All permissions there are (API.md §6.3). */
export const PERMISSIONS = [
  ...KINDS.flatMap((k) => [`${k}.read`, `${k}.create`, `${k}.update`, `${k}.delete`] as const),
  'servers.use',
  'tools.execute',
  'tools.approve',
  'metrics.read',
  'metrics.reset',
  'logs.read',
  'admin.commands',
  'admin.system_config',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const READ = KINDS.map((k) => `${k}.read` as const);
const VIEWER: readonly Permission[] = [...READ, 'metrics.read'];
const OPERATOR: readonly Permission[] = [
  ...VIEWER,
  'servers.use',
  'tools.execute',
  ...KINDS.flatMap((k) => [`${k}.create`, `${k}.update`, `${k}.delete`] as const),
  'logs.read',
  'metrics.reset',
];

/** What each role may do (API.md §6.3). `peer` is internal: another MCP Gateway. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  viewer: new Set(VIEWER),
  operator: new Set(OPERATOR),
  admin: new Set(PERMISSIONS),
  peer: new Set<Permission>([
    'servers.use',
    'tools.read',
    'tools.execute',
    'resources.read',
    'prompts.read',
  ]),
};

/** Narrows what a credential may reach (API.md §6.4). An absent or empty list narrows nothing. */
export interface Scopes {
  readonly permissions?: readonly string[];
  /** ids or names of Servers */
  readonly servers?: readonly string[];
  /** ids, names or globs of tools */
  readonly tools?: readonly string[];
  /** CIDR ranges the client address must be in */
  readonly ipRestrictions?: readonly string[];
}

/** Who asks. One frozen object per credential, shared by all its requests. */
export interface Caller {
  /** `alice`, `anonymous`, … */
  readonly principal: string;
  readonly type: 'user' | 'token' | 'anonymous' | 'peer' | 'system';
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
  readonly scopes: Scopes | null;
  /** Key of the rate limit: the token's id, else the user, else the client address (IPv6: its /64). */
  readonly limiterKey: string;
  /** SHA-256 of the principal, base64url: binds seals to a person, not to a token. */
  readonly principalHash: string;
  /** Equal for Callers who see the same catalog; `*` when nothing is narrowed. */
  readonly visibility: string;
  /** Seconds since 1970 when the credential ends; `Infinity` when it does not. */
  readonly expiresAt: number;
  /** `jti` of the token, if it has one. */
  readonly tokenId: string | null;
}

export type Via = 'api' | 'ui' | 'cli' | 'import' | 'federation' | 'system' | 'health_check';

/** Who changes something, from where and how: the source of the audit metadata (API.md §7.1). */
export interface Actor {
  readonly principal: string;
  readonly ip: string | null;
  readonly via: Via;
  readonly userAgent: string | null;
  readonly importBatchId?: string | null;
  readonly requestId?: CallId | string;
}

/** The gateway itself, for changes that nobody asked for. */
export const SYSTEM_ACTOR: Actor = {
  principal: 'system',
  ip: null,
  via: 'system',
  userAgent: null,
};

/** Whose something is: the principal; of anonymous callers, who all have one name, the address. */
export function ownerOf(caller: Pick<Caller, 'type' | 'limiterKey' | 'principalHash'>): string {
  return caller.type === 'anonymous' ? caller.limiterKey : caller.principalHash;
}
