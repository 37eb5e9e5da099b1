/** What several screens want to know of the service. */
import { api, body } from "../api/client";
import { fetchedHealth } from "../api/health";
import { loaded } from "../parts/loaded";

export const engines = loaded(() => body(api.GET("/engines")));
export const presets = loaded(() => body(api.GET("/presets")));
export const languages = loaded(() => body(api.GET("/languages")));
export const voices = loaded(() => body(api.GET("/voices")));
export const profiles = loaded(() => body(api.GET("/quality-profiles")));
export const rvcModels = loaded(() => body(api.GET("/rvc-models")));
export const health = loaded(fetchedHealth);
