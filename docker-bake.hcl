# The images for both kinds of processor. All of them, or those named, to your registry:
#   IMAGE_REGISTRY=registry.example.org/games/ IMAGE_TAG=v0.2.0 docker buildx bake -f docker-bake.hcl --push
#   docker buildx bake -f docker-bake.hcl --push web bot
# `--print` shows the plan; without `-f`, bake reads compose.yaml too, which asks for .env. docs/deployment.md says what both need.

variable "IMAGE_REGISTRY" {
  default = "" # or a registry and folder that end in /
}

variable "IMAGE_TAG" {
  default = "latest"
}

variable "REVISION" {
  default = "unknown" # the commit: git rev-parse HEAD
}

group "default" {
  targets = ["web", "bot", "notifyd", "worker"]
}

target "program" {
  name       = program
  matrix     = { program = ["web", "bot", "notifyd", "worker"] }
  target     = program
  context    = "."
  dockerfile = "Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  tags       = ["${IMAGE_REGISTRY}game-scheduler-${program}:${IMAGE_TAG}"]
  args       = { VERSION = IMAGE_TAG, REVISION = REVISION }
}
