import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { AuthGuard } from './auth.guard.js';
import { AuthService } from './auth.service.js';
import { CredentialWatch } from './credential-watch.service.js';
import { RouteInventory } from './inventory.js';

/** Who asks and what they may: one service for both planes, guards for the control plane. */
@Module({
  imports: [DiscoveryModule],
  providers: [AuthService, AuthGuard, AccessGuard, CredentialWatch, RouteInventory],
  exports: [AuthService, AuthGuard, AccessGuard, CredentialWatch, RouteInventory],
})
export class AuthModule {}
