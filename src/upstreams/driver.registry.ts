import { Injectable } from '@nestjs/common';
import type { Driver } from '../kernel/upstream.js';

/** The kinds of upstream that calls can reach; built-ins and plug-ins register alike. */
@Injectable()
export class DriverRegistry {
  private readonly drivers = new Map<string, Driver>();

  register(driver: Driver): void {
    if (this.drivers.has(driver.kind)) throw new Error(`driver ${driver.kind} is taken`);
    this.drivers.set(driver.kind, driver);
  }

  get(kind: string): Driver {
    const driver = this.drivers.get(kind);
    if (driver === undefined) throw new Error(`no driver for ${kind}`);
    return driver;
  }
}
