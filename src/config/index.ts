export { type ConfigChanges, mergeChanges } from './changes.ts';
export {
  type ComparedSetting,
  compareSettings,
  differingSettings,
  type SettingTexts,
  settingsOf,
} from './compare.ts';
export { type ConditionedOn, conditionedOn, isConditional } from './conditioning.ts';
export { type DeviceKeys, deviceKeysOf, isDeviceKey } from './device_keys.ts';
export { type ImageSize, imageShapeOf, type SizeSetting } from './image_size.ts';
export type { Condition, KeyUse, UnusableValue } from './keys.ts';
export { representativesOf } from './representatives.ts';
export { type Config, type ConfigWith, configJsonSchema, configSchema, type ModelConfig } from './schema.ts';
export type { Settings, Some } from './settings.ts';
