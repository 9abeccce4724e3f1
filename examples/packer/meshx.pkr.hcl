# An image of a VM that belongs to a mesh, without its identity. packer init, then: packer build meshx.pkr.hcl
packer {
  required_plugins {
    googlecompute = {
      source  = "github.com/hashicorp/googlecompute"
      version = ">= 1.1.0"
    }
  }
}

variable "project" {
  type = string
}

variable "manifests" {
  type        = string
  description = "Folder with the YAML of the cluster's istio-system namespace: kubectl get … -o yaml"
}

variable "package" {
  type        = string
  description = "istio-sidecar.deb of istiod's version"
}

source "googlecompute" "vm" {
  project_id          = var.project
  zone                = "europe-west1-b"
  source_image_family = "debian-12"
  image_family        = "mesh-vm"
  ssh_username        = "packer"
}

build {
  sources = ["source.googlecompute.vm"]

  # The files of the join, made on the build machine. --root takes a directory: nothing is started, no secret is written.
  provisioner "shell-local" {
    inline = [
      "mkdir -p root/etc && cp /etc/os-release root/etc/",
      "meshx setup-vm web-image --root root --manifests ${var.manifests} --package ${var.package} -n vm --workload-group web --service web:http:8080",
      "tar -C root --owner=0 --group=0 -czf root.tar.gz .",
    ]
  }

  provisioner "file" {
    source      = "root.tar.gz"
    destination = "/tmp/root.tar.gz"
  }

  provisioner "shell" {
    inline = [
      "sudo tar -C / -xzf /tmp/root.tar.gz --keep-directory-symlink",
      "rm /tmp/root.tar.gz",
    ]
  }
}
