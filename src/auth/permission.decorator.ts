import { SetMetadata } from '@nestjs/common';
import type { Permission } from '../kernel/caller.js';

/** Who may use a route: the holders of a permission, anyone with a credential, or everyone. */
export type Admission = { readonly permission: Permission } | 'any-principal' | 'public';

export const ADMISSION = 'mcpgateway:admission';

export const RequirePermission = (
  permission: Permission,
): ReturnType<typeof SetMetadata<string, Admission>> =>
  SetMetadata<string, Admission>(ADMISSION, { permission });

export const AnyPrincipal = (): ReturnType<typeof SetMetadata<string, Admission>> =>
  SetMetadata<string, Admission>(ADMISSION, 'any-principal');

/** Served without a credential. The complete list is in API.md §1.9. */
export const Public = (): ReturnType<typeof SetMetadata<string, Admission>> =>
  SetMetadata<string, Admission>(ADMISSION, 'public');
