# Prints what many streams need, from what one GPU was measured to serve. Given: streams, source,
# percent, gigabytes, mode.
function up(number) { return number > int(number) ? int(number) + 1 : int(number) }
function thousands(number) { return number >= 1000 ? int(number / 1000) "," sprintf("%03d", number % 1000) : number }
BEGIN {
    planned = int(streams * percent / 100)
    if (planned < 1) planned = 1
    print "# Sizing\n"
    print "| Given | |"
    print "| --- | ---: |"
    print "| Streams that one GPU serves within the limits (" source ") | " streams " |"
    print "| Work of a GPU that the autoscaler aims at (KUBERNETES_GPU_PERCENT) | " percent " % |"
    print "| Streams planned on each GPU: the product | " planned " |\n"
    print "| Streams | GPUs (pods) | Audio into the balancer | Volumes for models |"
    print "| ---: | ---: | ---: | ---: |"
    split("1000 10000 100000", sizes, " ")
    for (i = 1; i <= 3; i++) {
        pods = up(sizes[i] / planned) + 1
        volumes = mode == "ReadWriteMany" ? gigabytes : pods * gigabytes
        printf "| %s | %s | %s Mbit/s | %s GB |\n", thousands(sizes[i]), thousands(pods), \
            thousands(int(sizes[i] * 0.256)), thousands(volumes)
    }
    print "\nGPUs = streams / planned, rounded up, and one more: work on the cluster takes one pod at a time."
    print "Audio is 16,000 samples of 16 bits a second for each stream, 256 kbit/s, before packets and TLS."
    print "Not in here, because it was not measured: the processors of the balancer. Run the load test"
    print "through it as well. The limit of the load test is what a reader notices; measure anew with another"
    print "GPU, model, length of chunks, or version of the image.\n"
    print "- A pod is ready minutes after it was asked for (with ReadWriteOnce, its first start also"
    print "  downloads the models): what is free beyond " percent " % has to last until then. Expect a rush at"
    print "  nine o'clock? Raise KUBERNETES_MIN_REPLICAS before it."
    print "- KUBERNETES_MAX_REPLICAS is the number of GPUs above; the quota of the cloud has to allow it."
    print "- Beyond some hundreds of pods make several deployments, each with a DEPLOYMENT_ID of its own, in"
    print "  several regions: a fault then ends a part of the streams, and the list of addresses behind one"
    print "  name stays short."
}
