# A VM of Compute Engine that joins a mesh when it is made and leaves it when it is destroyed.
# meshx runs where Terraform runs. It finds the instance's host key through the Compute Engine API.

variable "project" {
  type = string
}

variable "zone" {
  type    = string
  default = "europe-west1-b"
}

variable "user_data" {
  type        = string
  description = "Path of a cloud-config, such as examples/cloud-init/user-data.yaml"
}

resource "google_compute_instance" "db" {
  name         = "db-1"
  project      = var.project
  zone         = var.zone
  machine_type = "e2-standard-2"

  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }

  network_interface {
    network = "default"
  }

  metadata = {
    user-data               = file(var.user_data)
    enable-guest-attributes = "TRUE"
  }
}

resource "terraform_data" "mesh" {
  # Destroyed before the instance, so the VM leaves the mesh while it can still be reached.
  input = {
    vm    = google_compute_instance.db.name
    where = "--project ${var.project} --zone ${var.zone} --user deploy"
  }
  triggers_replace = [google_compute_instance.db.instance_id]

  provisioner "local-exec" {
    command = "meshx up ${self.input.vm} ${self.input.where} -n vm --service mysqldb:mysql:3306 --strict-port 3306 --yes"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "meshx down ${self.input.vm} ${self.input.where} -n vm --yes"
  }
}
