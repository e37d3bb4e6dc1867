import { Controller, Get } from '@nestjs/common';
import { CurrentCaller } from '../auth/current-caller.decorator.js';
import { AnyPrincipal, Public } from '../auth/permission.decorator.js';
import { Config } from '../config/config.js';
import type { Caller } from '../kernel/caller.js';
import { VersionReport } from './version-report.service.js';

@Controller()
export class VersionController {
  constructor(
    private readonly report: VersionReport,
    private readonly config: Config,
  ) {}

  @AnyPrincipal()
  @Get('version')
  version(@CurrentCaller() caller: Caller): Promise<Record<string, unknown>> {
    return this.report.read(caller);
  }

  @Public()
  @Get()
  root(): Record<string, string> {
    const { appName } = this.config;
    return { name: appName, description: `${appName} API` };
  }
}
